# Trainers read data and write models; viewers read both; nobody may do anything else.
package stack

default allow := false

allow if {
	some rule in rules
	rule.subject == input.subject
	rule.action == input.action
	startswith(input.object, rule.prefix)
}

rules := [
	{"subject": "trainer", "action": "read", "prefix": "data/"},
	{"subject": "trainer", "action": "write", "prefix": "model/"},
	{"subject": "viewer", "action": "read", "prefix": "data/"},
	{"subject": "viewer", "action": "read", "prefix": "model/"},
]
