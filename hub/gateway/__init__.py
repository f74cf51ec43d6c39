"""The gateway: a small client on an agency's own machine, which opens what the hub holds for that agency.

It needs no data folder and no hub beside it, and shares no code with the hub but its errors and the verifier of
receipts: what it takes as proven, it has proven by itself, from one line that the agency got by another way (the hub's
key). Steps: token → list → open (to the agency's own key, design §5) → verify → write → acknowledge → receipt.

    config.py    the one file that a person writes            keys.py     the agency's two keys
    client.py    HTTP, and nothing of what it means           outcome.py  what the hub says, in words
    opening.py   closed bytes in, proven content out; pure    folder.py   what stands on the disk
    agent.py     the steps, in the order that loses nothing
    wire.py      one exchange over HTTP: how many bytes, and how long
"""
