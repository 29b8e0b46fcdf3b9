# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lesson:
#     minutes: 25
#     covers:
#     - send.domain
#     - send.request.from.domain
#     - errors.409
#     - errors.409.domains
#     - errors.422
#     - product.domains
#     - product.dkim
#     - product.spf
#     - product.included
#     - product.account
#     - product.start
#     - product.minutes
# ---

# %% [markdown]
# # What breaks a signature?
#
# **A changed word does, in the body or in a signed header; doubled spaces, a fold or capitals in a header's name do not, for they are evened out first.**
#
# *About twenty-five minutes. Needs nothing but this notebook; it helps to have seen
# [lesson 05](05-what-the-servers-said.ipynb).*

# %%
from justemails_lessons import Canonical, Lab, Survival, holds

lab = Lab(seed=9)

# %% [markdown]
# ## The way in
#
# Anybody can write any address into `From`. So a mail service sends in the name of a domain only when the domain is
# yours, and gives its mail something that others can check. In lesson 01 somebody had set all of that up; this time you
# are new. What needs a browser elsewhere is `lab.dashboard` here.
#
# **Predict:** how could the service find out that `shop.example` is yours?

# %%
started = lab.now
lab.set_record("bounce.shop.example", "TXT", "v=spf1 ip4:203.0.113.9 -all")

# %%
account = lab.dashboard.add_account("My shop")
added = lab.dashboard.add_domain("shop.example", account["id"])
added

# %% [markdown]
# ### What just happened?
#
# The account cost nothing but a name. For the domain you are asked to set records in its DNS, which only its owner can:
#
# - **ownership**: a text that was made for you. Who can set it holds the domain.
# - **dkim**: two public keys. The service keeps the private halves and signs your mail with them; whoever gets the mail
#   looks the public half up, under a name of its own for each key, the *selector* (the first part of the record's name).
#   There are two because not every receiver knows the newer kind.
# - **spf**: the IP addresses that may bring mail in the name of `bounce.shop.example`. That is the domain of the envelope
#   (`MAIL FROM` in lesson 05), and `-all` at the end says: nobody else.
# - **bounce**: the MX record of the same domain. It says who takes the complaints that come back.
# - **dmarc**: what receivers should do with mail that claims to be yours and cannot be shown to be. `p=none` asks for
#   nothing yet, so it is only advised.
#
# The lab's DNS publishes the records at once, as a diligent owner would. One is wrong all the same: the first cell played
# an owner who had typed another address in. The dashboard says which record it is, and what it found there.

# %% [markdown]
# ## Not yet
#
# **Predict:** with one record wrong, may this account send as `orders@shop.example`?

# %%
key = lab.dashboard.add_key("Shop", account=account["id"])["key"]
mail = {
    "from": "orders@shop.example",
    "to": "ann@example.com",
    "subject": "Your order is on its way",
    "text": "Hello Ann,\nyour order leaves us today.",
}
too_early = lab.dashboard.verify("shop.example", account["id"])
early = lab.post("/send", mail, key=key)
print(too_early.json["status"])
print(early.answer_text)

# %% [markdown]
# ### What just happened?
#
# **422**, *Unprocessable Entity*: the request is well written, and yet cannot be done. Nothing was sent. The owner mends
# the record, and asks once more to have it looked up.

# %%
lab.set_record("bounce.shop.example", "TXT", "v=spf1 ip4:127.0.0.1 -all")
verified = lab.dashboard.verify("shop.example", account["id"])
sent = lab.post("/send", mail, key=key)
lab.advance("5s")

# %%
took = lab.now - started
status = lab.get(f"/send/{sent['id']}", key=key)["status"]
print(f"the domain: {verified.json['status']}, the mail: {status}")
print(f"from the first step to now: {took.total_seconds():.1f} s of the lab's time")
lab.inbox()

# %% [markdown]
# ### What just happened?
#
# An account, a domain, a key, and the mail is there, in a few seconds, most of which we spent waiting for the mail. (How
# long *you* need to copy six records to your DNS provider, no lab can measure.) Three words tell what the recipient's
# server made of it:
#
# - **DKIM** pass: the mail has signatures of `shop.example`, and they fit its keys in DNS.
# - **SPF** pass: the machine that brought the mail is one that the envelope's domain names.
# - **DMARC** pass: at least one of the two speaks for the domain that the reader sees, the one in `From`.
#
# You asked for none of it: it comes with every mail.
#
# **Predict:** add the same domain once more: in this account, and in somebody else's?

# %%
again = lab.dashboard.add_domain("shop.example", account["id"])
again

# %%
other = lab.dashboard.add_account("Somebody else")
elsewhere = lab.dashboard.add_domain("shop.example", other["id"])
lab.dashboard.add_domain("shop.test", account["id"])
second = lab.dashboard.verify("shop.test", account["id"])
from_second = lab.post("/send", {**mail, "from": "ann@shop.test"}, key=key)
from_below = lab.post("/send", {**mail, "from": "ann@news.shop.example"}, key=key)
{
    "shop.example in another account": elsewhere.json["status"],
    "a second domain in this account": second.json["status"],
    "mail from the second domain": from_second.status,
    "mail from news.shop.example": from_below.status,
}

# %% [markdown]
# ### What just happened?
#
# **409**, *Conflict*: the account has this domain. Another account may add it too, which gives it nothing: it is pending
# until the owner sets *its* records, with other keys. (The lab's DNS sets them for everybody.) One account may have many
# domains. And a verified domain stands for itself alone: `news.shop.example` is another one.

# %% jupyter={"source_hidden": true} tags=["check"]
from datetime import timedelta

by_ann = lab.inbox()[0]
holds(
    {
        "an account is made for a name, and nothing is asked in return": (
            account.status,
            set(account.json),
        )
        == (200, {"id", "name", "createdAt"}),
        "the wrong record is found, and only that one": [
            one["purpose"] for one in added.json["records"] if one["state"] != "ok"
        ]
        == ["spf"],
        "with it the domain is not verified": not added.verified
        and not too_early.verified,
        "sending before it is verified is 422": early.status == 422,
        "the refusal names the field": "'from'" in early.json.get("message", ""),
        "nothing of it was sent": lab.get("/messages", key=key)["pagination"][
            "total"
        ]
        == 2,
        "mended, it is verified, and the same mail is taken": verified.verified
        and sent.status == 200,
        "DKIM, SPF and DMARC pass, which nobody asked for": by_ann.verdicts
        == {"DKIM": "pass", "SPF": "pass", "DMARC": "pass"},
        "its status can be asked for, and is delivered": status == "delivered",
        "account, domain, key and first mail took under two minutes": timedelta(0)
        < took
        < timedelta(minutes=2),
        "the same domain once more is 409": again.status == 409
        and set(again.json) == {"error", "message"},
        "another account may add it, and is asked for records of its own": {
            one["value"] for one in elsewhere.json["records"][:3]
        }.isdisjoint(one["value"] for one in added.json["records"]),
        "an account may send from more domains than one": from_second.status == 200,
        "what is below a verified domain is not verified": from_below.status == 422,
    }
)

# %% [markdown]
# ## What a signature says
#
# Here is Ann's mail as it came, with what is long and random cut to dots:

# %%
arrived = lab.raw(0)
arrived

# %%
arrived.dkim[0]

# %% [markdown]
# ### What just happened?
#
# A signature is a header like others, a list of tags:
#
# - `d` and `s` say where the key is: at `s._domainkey.d` in DNS, which is the record from above.
# - `h` names the headers that are signed. Many stand there twice although the mail has them once: the second one says
#   *and no further one*. `cc` and `reply-to` stand there although the mail has none.
# - `bh` is a hash of the body: a short number that is computed from all of its bytes, and comes out different when any of
#   them does.
# - `b` is the signature itself: over the headers of `h`, and over this header too, so over `bh`.
# - `c` says how the mail is read before it is hashed. That is what the rest of this lesson is about.

# %% [markdown]
# ## Fourteen things that happen on the way
#
# Mail passes through servers, filters and mailing lists, and some of them touch it. Each line below takes the mail that
# arrived, and changes it. (`\r\n` is how a line ends in mail. A header that is broken in two lines, the second of which begins
# with a space, is called *folded*, and means the same.)
#
# **Predict:** which of these will the signature survive?

# %%
changes = {
    "a blank line at the end": lambda m: m.add_at_end("\r\n"),
    "a Received header on top": lambda m: m.add_on_top("Received: from a.test"),
    "a header's name in capitals": lambda m: m.replace("Subject:", "SUBJECT:"),
    "two spaces in a header": lambda m: m.replace("Your order", "Your  order"),
    "a header folded in two lines": lambda m: m.replace("is on", "is\r\n on"),
    "two spaces in the body": lambda m: m.replace("leaves us", "leaves  us"),
    "a space at the end of a line": lambda m: m.replace("Ann,\r", "Ann, \r"),
    "a space before a line": lambda m: m.replace("\nyour", "\n your"),
    "a word in the subject": lambda m: m.replace("its way", "our way"),
    "a word in the body": lambda m: m.replace("today", "tomorrow"),
    "another From": lambda m: m.replace("From: orders", "From: boss"),
    "a mailing list's footer": lambda m: m.add_at_end("-- \r\nThe list\r\n"),
    "a second Subject on top": lambda m: m.add_on_top("Subject: You have won"),
    "a second From on top": lambda m: m.add_on_top("From: boss@shop.example"),
}

# %%
rows = []
for name, change in changes.items():
    changed = change(arrived)
    rows.append(f"{name:<29} {changed.verdicts['DKIM']}  {changed.reason}".rstrip())
print("\n".join(rows))

# %% [markdown]
# ### What just happened?
#
# The receiver's verifier looked at each mail afresh, with the keys from the lab's DNS. Seven changes passed, and no reader
# would have noticed one of them. The other seven failed, and the reason tells which of the two hashes did not fit.
#
# - The server that takes a mail writes a `Received` header on top. It is not named in `h`, so nobody misses it.
# - A second `Subject` leaves the signed one as it was. It fails because `h` says *and no further one*; otherwise a reader
#   could be shown a line that nobody signed.
# - The space *before* a line seems to be as harmless as the one after it. To see why it is not, look at what is hashed.

# %% [markdown]
# ## What is hashed
#
# Not the bytes themselves are hashed but an evened-out copy of them. To make it is called *canonicalisation*: to bring
# what means the same into one form. Here are five of the changes at once:

# %%
touched = arrived
for name in [
    "a header's name in capitals",
    "a header folded in two lines",
    "two spaces in the body",
    "a space at the end of a line",
    "a blank line at the end",
]:
    touched = changes[name](touched)
Canonical(arrived, touched, "relaxed/relaxed")

# %% [markdown]
# ### What just happened?
#
# A dot is a space, and `¶` the end of a line. (Of the headers only `Subject` is drawn: the others are as they were.) Above,
# the bytes differ in nearly every line. Below are the copies that are hashed, and they are the same. `c=relaxed/relaxed` names the two ways, for the headers and for the body:
#
# - *relaxed* for headers: the name in small letters, folded lines joined, several spaces made one, none around the colon
#   or at the end.
# - *relaxed* for the body: several spaces made one, spaces at the end of a line taken away, and empty lines at the very end.
#
# Several spaces become *one*, not none. That is why a space before a line, where there was none, is a change.
#
# There is another way, **simple**: headers as they are, byte by byte, and of the body only the empty lines at the very
# end are left out. The same two mails:

# %%
Canonical(arrived, touched, "simple/simple")

# %% [markdown]
# ## Every change, both ways
#
# `arrived` is signed `relaxed/relaxed`, as all mail of the API is. For the comparison the lab signs a copy of it once
# more, over the same headers, with `simple/simple`.
#
# **Predict:** which of the seven will it still survive?

# %%
copies = {
    "relaxed/relaxed": arrived,
    "simple/simple": arrived.signed("simple/simple"),
}
found = {
    way: {name: change(copy).verdicts["DKIM"] for name, change in changes.items()}
    for way, copy in copies.items()
}
Survival(found)

# %% [markdown]
# ### What just happened?
#
# Two are left: the header that nobody signed, and the blank line at the end, which even *simple* leaves out. A signature
# made that way breaks at the first server that folds a header anew, though nobody has changed a word. The lower half is
# red in both columns: no way of reading forgives another word.

# %% jupyter={"source_hidden": true} tags=["check"]
# Written from RFC 6376, not from what was found.
UNSIGNED = {"a Received header on top"}  # 3.5: what h= does not name
AT_THE_END = {"a blank line at the end"}  # 3.4.3, and 3.4.4 keeps to it
RELAXED_HEADER = {  # 3.4.2
    "a header's name in capitals",
    "two spaces in a header",
    "a header folded in two lines",
}
RELAXED_BODY = {  # 3.4.4
    "two spaces in the body",
    "a space at the end of a line",
}
SURVIVE = {
    "relaxed/relaxed": UNSIGNED | AT_THE_END | RELAXED_HEADER | RELAXED_BODY,
    "simple/simple": UNSIGNED | AT_THE_END,  # 3.4.1 forgives nothing
}
survived = {
    way: {name for name, verdict in column.items() if verdict == "pass"}
    for way, column in found.items()
}
anew = arrived.signed("relaxed/relaxed")
relaxed, simple = (
    [band.same for band in Canonical(arrived, touched, way).bands]
    for way in ("relaxed/relaxed", "simple/simple")
)
holds(
    {
        "unchanged, the mail and its copy pass": {
            copy.verdicts["DKIM"] for copy in copies.values()
        }
        == {"pass"},
        "every signature of the mail is the domain's": {
            one["d"] for one in arrived.dkim
        }
        == {"shop.example"},
        "both are relaxed": {one["c"] for one in arrived.dkim}
        == {"relaxed/relaxed"},
        "relaxed survives what the standard says": survived["relaxed/relaxed"]
        == SURVIVE["relaxed/relaxed"],
        "simple survives what the standard says": survived["simple/simple"]
        == SURVIVE["simple/simple"],
        "signed anew as relaxed, the lab's key gives what the API's give": {
            name: change(anew).verdicts["DKIM"] for name, change in changes.items()
        }
        == found["relaxed/relaxed"],
        "other bytes, the same hashes: relaxed": relaxed == [False, True, True],
        "other bytes, other hashes: simple": simple == [False, False, False],
    }
)

# %% [markdown]
# ## The same bytes from another machine
#
# Ann has her mail forwarded: her server at `example.com` hands it on, byte by byte, to her new address. The second
# receiver sees the forwarder's IP address.
#
# **Predict:** which of DKIM, SPF and DMARC will still pass? And if a mailing list hands it on, with its footer?

# %%
forwarded = arrived.brought_by("198.51.100.7")
by_a_list = changes["a mailing list's footer"](forwarded)
by_hand = changes["a word in the body"](arrived)
cases = {
    "as it came": arrived,
    "forwarded": forwarded,
    "handed on by a list, with a footer": by_a_list,
    "a word changed, from our server": by_hand,
}
rows = []
for name, case in cases.items():
    words = "   ".join(f"{what} {word}" for what, word in case.verdicts.items())
    rows.append(f"{name:<35} {words}")
print("\n".join(rows))

# %% [markdown]
# ### What just happened?
#
# SPF looks at who brings the mail, and the forwarder is not in the record. DKIM looks at what is in it, and does not care
# who brings it. DMARC is content with either, so forwarded mail is still good. On the list's way both are lost.
#
# Look at the last line too: a word was changed, and DMARC says pass, because SPF vouches for the machine. DMARC says
# whether the mail comes from whom `From` names, not whether it is unchanged.

# %% jupyter={"source_hidden": true} tags=["check"]
holds(
    {
        "as it came, all three pass": set(arrived.verdicts.values()) == {"pass"},
        "forwarded, SPF fails and DKIM carries DMARC": forwarded.verdicts
        == {"DKIM": "pass", "SPF": "fail", "DMARC": "pass"},
        "on the list's way all is lost": set(by_a_list.verdicts.values())
        == {"fail"},
        "SPF carries DMARC where DKIM fails": by_hand.verdicts
        == {"DKIM": "fail", "SPF": "pass", "DMARC": "pass"},
        "the envelope is on a domain below the shop's own": arrived.sender.endswith(
            "@bounce.shop.example"
        ),
    }
)

# %% [markdown]
# ## Exercise 9.1
#
# The shop's mail passes a server that folds headers anew, which should do no harm. But in the body not even a space may be
# changed unnoticed. How do you sign?

# %% tags=["exercise"]
way = "simple/simple"  # <- change this value
copy = arrived.signed(way)
folded = changes["a header folded in two lines"](copy)
spaced = changes["two spaces in the body"](copy)
lab.exercise("9.1", folded=folded.verdicts["DKIM"], spaced=spaced.verdicts["DKIM"])

# %% jupyter={"source_hidden": true} tags=["solution"]
way = "relaxed/simple"  # <- change this value
copy = arrived.signed(way)
folded = changes["a header folded in two lines"](copy)
spaced = changes["two spaces in the body"](copy)
lab.exercise("9.1", folded=folded.verdicts["DKIM"], spaced=spaced.verdicts["DKIM"])

# %% [markdown]
# ## Exercise 9.2
#
# The shop has a server of its own at `203.0.113.9`, which sends too. Its owner has put that one into the SPF record, and
# lost ours. Write a record by which both may send, and nobody else. (The table of records at the top has our address.)

# %% tags=["exercise"]
spf = "v=spf1 ip4:203.0.113.9 -all"  # <- change this value
lab.set_record("bounce.shop.example", "TXT", spf)
asked = [arrived, arrived.brought_by("203.0.113.9"), forwarded]
ours, shop, stranger = [one.verdicts["SPF"] for one in asked]
checked = lab.dashboard.verify("shop.example", account["id"])
lab.exercise("9.2", domain=checked, ours=ours, shop=shop, stranger=stranger)

# %% jupyter={"source_hidden": true} tags=["solution"]
spf = "v=spf1 ip4:127.0.0.1 ip4:203.0.113.9 -all"  # <- change this value
lab.set_record("bounce.shop.example", "TXT", spf)
asked = [arrived, arrived.brought_by("203.0.113.9"), forwarded]
ours, shop, stranger = [one.verdicts["SPF"] for one in asked]
checked = lab.dashboard.verify("shop.example", account["id"])
lab.exercise("9.2", domain=checked, ours=ours, shop=shop, stranger=stranger)

# %% [markdown]
# ## What the document does not say here
#
# The document promises DKIM, SPF and verified domains, and leaves open how. Here, with the other ways there are:
#
# - The API has no request that adds a domain: the dashboard does, and two accounts may have the same one (`CHOICE-19`).
#   What a dashboard is, and who makes accounts, is open too (`CHOICE-49`).
# - Which records are asked for, and that they are read by meaning: another order or more spaces do not matter (`CHOICE-20`).
# - What becomes of a domain whose records vanish later. It is looked at every day, and may lose its verification
#   (`CHOICE-21`).
# - That a sub-domain is another domain (`CHOICE-38`).
# - What is in the message, and that nothing is added to its body (`CHOICE-26`).
# - Two signatures, `relaxed/relaxed`, with the headers named once more than they are there (`CHOICE-27`).
# - Whose domain is on the envelope, and so whose SPF record counts (`CHOICE-28`).

# %%
lab.close()
