"""What must hold in every simulation, checked after every event.

    I1   every id that was answered exists for ever after
    I2   one terminal status, never left
    I3   only the moves of the state table
    I4   deliveredAt is there if and only if delivered, and tells the truth
    I5   delivered: a mail host had kept the message and said so
    I6   bounced: a host or DNS had said no for good; and who is told no, stops
    I7   attempts come when the schedule says, one worker at a time, and end when it says
    I8   no copy too many: each one more has its excuse in a lost reply
    I9   mail hosts in the order of their preference, and none that DNS does not name
    I10  what arrives is what was sent: signed, in lines that every server takes
    I11  nobody else gets it
    I12  the rate limits are exact, and Retry-After is true
    I13  the list, its total and GET /send/:id agree
    I14  a revoked key is dead
    I15  nothing is left open at the end
    I16  everything comes to an end
    I17  no database session outlives a step
    I18  nothing raised that should not

``rules`` has those that look at one entry, ``ends`` those that look back at the end, ``clients`` those about the API.
I15, I17 and I18 need the world, which reports them itself.
"""
