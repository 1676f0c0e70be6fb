"""What relations there can be, and what follows from them: who decides, who needs a guardian, how long somebody is with us."""
