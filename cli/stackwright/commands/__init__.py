"""One module a command, `run` in it: options in, one call into `operations`, one view out.

This table is all that `stack --help` needs: a command's module is imported when it is the one asked for.
"""

GROUPS: dict[str, dict[str, str]] = {
    "Describe a stack": {
        "init": "Write a stack.yaml to start from.",
        "validate": "Check a stack.yaml and show every mistake in it.",
        "plan": "Show what a stack consists of and what would change.",
        "render": "Write a stack as a project for plain Terraform or OpenTofu.",
    },
    "Run it": {
        "up": "Start a stack, or bring a running one up to date.",
        "smoke": "Prove that a running stack works together.",
        "down": "Remove a stack and prove that nothing is left.",
        "demo": "Start, prove and remove a whole stack that ships with Stackwright.",
    },
    "Look at it": {
        "list": "List your stacks.",
        "status": "Show how every component of a stack is.",
        "outputs": "Show addresses and names for your code.",
        "logs": "Show what the components wrote.",
    },
    "Work with it": {
        "exec": "Run a command that can reach the stack.",
        "shell": "Open a shell that can reach the stack.",
    },
    "Tools and this machine": {
        "cache": "Look after the environments that stacks share.",
        "schema": "Print the JSON Schema of stack.yaml.",
        "catalog": "Look at the tools a stack can be made of.",
        "completion": "Print what makes your shell complete `stack`.",
        "doctor": "Check that this machine has what stacks need.",
    },
}
SUMMARIES: dict[str, str] = {name: summary for group in GROUPS.values() for name, summary in group.items()}
