"""Where components run when it is not as processes of this machine: a package for each place."""
