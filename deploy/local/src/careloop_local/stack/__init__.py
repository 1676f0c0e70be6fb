"""The local stack: PostgreSQL, NATS, the services and the gateway as processes of one machine.

    config.processes(stack)   what runs: name, command, environment and port of each process
    up, down, reset           the commands
    state                     what a running platform notes about itself

`up` starts the servers, makes and migrates the databases, and hands the processes to honcho. One that dies is started
again, a few times; all are ended when that does not help or a signal comes. One of them is `watch`: it waits for
readiness, prints the addresses, shows what the logs warn of, and ends when a server dies, which ends the stack.
"""
