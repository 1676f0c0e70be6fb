"""The use cases of dispatch, by verb: `dispatching` is the job behind them all."""
