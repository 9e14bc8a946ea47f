"""What jobs and smoke workers import: the layers of the stack they run in. Standard library only."""
