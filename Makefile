# Amparo. `make` alone tells what can be done here.

.DEFAULT_GOAL := help
.PHONY: help setup server run test check format prove bench lock

help: ## List these targets
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

setup: ## Make this folder ready: system packages (Debian, as root), .venv from the lock, Amparo
	@tools/setup.sh

server: ## The same for a server of an organisation: only what runs Amparo, no tools for tests
	@tools/setup.sh --server

PORT = 8000
run: setup ## Play the demonstration, then leave Amparo running on http://localhost:8000 (PORT=8001)
	@.venv/bin/amparo demo --keep var --serve --port $(PORT)

test: setup ## Run the whole suite: rules, rooms on SQLite and PostgreSQL, doors, stories, house
	@.venv/bin/python tools/test.py

check: setup ## Look at formatting, lint, types and import contracts, and run the quick tests
	@tools/check.sh

format: setup ## Put every file into the house's format
	.venv/bin/ruff format src tests tools
	.venv/bin/ruff check --fix src tests tools

prove: setup ## Show every promise on a fresh instance and write PROOF.md
	@.venv/bin/amparo prove

bench: setup ## Measure, beside what others do, and write BENCH.md
	@.venv/bin/amparo bench all

lock: ## Write the lock files again from pyproject.toml (tools/lock.sh --upgrade takes newer ones)
	@tools/lock.sh
