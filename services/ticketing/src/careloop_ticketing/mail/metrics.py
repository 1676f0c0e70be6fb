from prometheus_client import Counter

TAKEN = Counter("inbound_mails_total", "E-mails taken in, and what became of them.", ["outcome", "reason"])
REFUSED = Counter("inbound_mail_files_refused_total", "Files of e-mails that were not kept.", ["code"])
