"""What the hub answers over HTTP. Parse, call, answer: no rules here.

app       the application: which paths there are, and what an error looks like
health    /healthz, /readyz: for whoever starts and watches the process
metrics   /metrics: counts for a monitor, with no name of anybody in them
"""
