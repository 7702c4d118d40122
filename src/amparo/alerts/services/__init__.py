"""The verbs: arming a plan, pressing, climbing, answering."""
