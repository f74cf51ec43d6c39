"""What the hub answers over HTTP. Parse, call, answer: no rules here.

    app          which paths there are; frame: what stands around every answer; served: what a route is handed
    security     who asks, and whether it may; body: what is read; outcome: what an answer looks like
    token        a client's proof for a token; wellknown and metadata: how to get in, and what there is
    health, metrics, look    for whoever starts and watches the process; no agency, system or person is named

and a file per resource or operation, named after it, with ``router()``.
"""
