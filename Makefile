# Amparo. `make` alone tells what can be done here.

.DEFAULT_GOAL := help
.PHONY: help setup run

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

setup: ## Make this folder ready: system packages (Debian, as root), .venv from the lock, Amparo
	@tools/setup.sh

run: setup ## Play the demonstration, then leave Amparo running on http://localhost:8000
	@.venv/bin/amparo demo --keep var --serve
