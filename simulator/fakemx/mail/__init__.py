"""Reading a mail as it arrived, whatever is in it: headers, texts, links and codes, parts and attachments.

Knows nothing of servers and senders, and believes nothing that it reads. Start reading at ``parsed``.
"""
