"""`leadline backtest`: what the settings of alarms would do on recorded traces, and on the same with faults."""
