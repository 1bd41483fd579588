"""The right half of the flow: assessments in; estimates over windows, references and alarms out.

It needs nothing but assessments, and no clock: times are those of the traces, or handed in.
"""
