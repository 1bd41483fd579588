"""`leadline doctor`: real spans or traces in; whence they come, what each measure can do with them, what would help.

Something is read (`files`, `topics`, `listening`, `projects`) into a `Gathering`, which gives a `Sample`; `examine`
makes a `Report` of it with the real measures; `printing` shows that. Nothing is committed, written or sent anywhere.
"""
