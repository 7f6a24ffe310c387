"""What clients saw under faults, and the judgement over it."""
