"""What an officer is told of a stretch of time: figures, alerts, a monthly report (consent rules 3.9 and 4.5).

Pure: bodies of log entries and rows go in, figures and pages come out. A report names no worker and no client, and
shows no count under 11, nor what would give one away (``masking.py``). The officer's own metrics name cases and workers
(settled S39); they are an answer to that officer, no report.
"""
