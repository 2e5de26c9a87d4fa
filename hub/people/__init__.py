"""One person behind many accounts: matching, states, the step after intake, what people decide."""
