# The models of the reliable streams' protocol.

# MODEL is quick, all, or a word out of the names of the checks to run.
MODEL ?= all

.PHONY: model
model:
	@scripts/install-dependencies model
	@BUILD=$(BUILD) CC="$(CC)" docs/model/run $(MODEL)
