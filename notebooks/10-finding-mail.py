# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lesson:
#     minutes: 20
#     covers:
#     - messages.purpose
#     - messages.method
#     - messages.path
#     - messages.filters
#     - messages.account
#     - messages.response
#     - messages.data
#     - messages.data.id
#     - messages.data.status
#     - messages.data.more
#     - messages.pagination
#     - messages.pagination.page
#     - messages.pagination.perPage
#     - messages.pagination.total
#     - messages.pagination.next
#     - errors.body
#     - errors.body.message
#     - errors.400
# ---

# %% [markdown]
# # How do I find last week's mail?
#
# **Ask `GET /messages`: the newest first, fifty to a page, narrowed by filters; one of them keeps a long walk still.**
#
# *About twenty minutes. Needs nothing but this notebook; it helps to have seen [lesson 04](04-where-is-my-mail.ipynb).*

# %%
from justemails_lessons import Lab, Pages, holds

lab = Lab(seed=10)

# %% [markdown]
# ## A week of mail
#
# A shop writes to thirteen customers: every seven hours a mail to each, for a week. Every third mail is an invoice, and
# comes from another address. Ten customers have a mailbox that works. `nobody@bounce.test` does not exist,
# `shy@greylist.test` has a server that tells strangers to come back later, and the mailbox of `busy@full.test` is full.
#
# (A key may send a hundred mails a minute. Thirteen every seven hours is far from it; all at once would not be.)

# %%
names = ["ann", "bob", "cleo", "dan", "emma", "finn", "gus", "hana", "ivo", "jill"]
customers = [f"{name}@example.com" for name in names]
customers += ["nobody@bounce.test", "shy@greylist.test", "busy@full.test"]

sent = []
for number in range(1, 313):
    invoice = number % 3 == 0
    mail = {
        "from": "billing@yourdomain.com" if invoice else lab.sender,
        "to": customers[number % 13],
        "subject": f"{'Invoice' if invoice else 'Order'} {number}",
        "text": "Dear customer ...",
    }
    sent.append(lab.post("/send", mail))
    if number % 13 == 0:
        lab.advance("7h")
len(sent), f"{lab.now:%A %d %B, %H:%M}"

# %% [markdown]
# ## The list
#
# **Predict:** 312 mails were sent. How many will one answer list, and which of them stands first?

# %%
listed = lab.get("/messages")
listed["pagination"], len(listed["data"])

# %%
listed["data"][0]

# %% [markdown]
# ### What just happened?
#
# The answer has two members. `data` is the list, with an object for each message. `pagination` says how much of it this is:
# **page** 1, which has room for 50 (`perPage`), out of 312 (`total`). So there have to be seven pages.
#
# The newest message stands first, since it is mostly the newest that one looks for. An item says the same as
# `GET /send/:id` would: whom it went to, what about, when, and how it stands *now*. The bodies are not in the list.

# %% jupyter={"source_hidden": true} tags=["check"]
newest = [one["id"] for one in reversed(sent)]
holds(
    {
        "a GET of /messages is answered with data and pagination": (
            listed.method,
            listed.path,
            listed.status,
            set(listed.json),
        )
        == ("GET", "/api/v1/messages", 200, {"data", "pagination"}),
        "it is page 1, of 50 at most, of 312 in all": listed["pagination"]
        == {"page": 1, "perPage": 50, "total": 312},
        "fifty messages are on it, the newest first": [
            item["id"] for item in listed["data"]
        ]
        == newest[:50],
        "each item says what GET /send/:id says of it": all(
            item == lab.get(f"/send/{item['id']}").json for item in listed["data"]
        ),
        "so it has an id, a status, and more": all(
            {"id", "status"} < set(item) for item in listed["data"]
        ),
    }
)

# %% [markdown]
# ## All pages
#
# `page=2` in the query asks for the next one. A program that wants all of them goes on until it has asked for as many pages
# as `total` needs. Let us call that a walk; `meanwhile` is there for later.
#
# **Predict:** how many messages are on the seventh page?


# %%
def walk(filters="", meanwhile=lambda: None):
    pages, total = [], 1
    while 50 * len(pages) < total:
        if pages:
            meanwhile()
        answer = lab.get(f"/messages?page={len(pages) + 1}{filters}")
        pages.append([item["id"] for item in answer["data"]])
        total = answer["pagination"]["total"]
    return pages


quiet = walk()
[len(page) for page in quiet]

# %% jupyter={"source_hidden": true} tags=["check"]
past_the_end = lab.get("/messages?page=8")
by_hundred = lab.get("/messages?perPage=100&page=4")
holds(
    {
        "six full pages, and one of twelve": [len(page) for page in quiet]
        == [50] * 6 + [12],
        "together they have each message once, the newest first": [
            one for page in quiet for one in page
        ]
        == newest,
        "a page past the end is empty, and no error": (
            past_the_end.status,
            past_the_end["data"],
        )
        == (200, []),
        "pages of a hundred: the fourth has the last twelve": [
            item["id"] for item in by_hundred["data"]
        ]
        == newest[300:],
        "page and perPage say what was asked for": by_hundred["pagination"]
        == {"page": 4, "perPage": 100, "total": 312},
    }
)

# %% [markdown]
# ## A part of it
#
# Nobody reads seven pages to find one mail. Filters stand in the query too.
#
# **Predict:** one customer of thirteen does not exist. How many messages have bounced?

# %%
questions = [
    "status=bounced",
    "to=ann@example.com",
    "from=billing@yourdomain.com",
    "subject=invoice",
    "subject=invoice&to=ann@example.com",
    "createdAfter=2026-04-08T00:00:00Z&createdBefore=2026-04-09T00:00:00Z",
]
found = {question: lab.get(f"/messages?{question}") for question in questions}
for question, answer in found.items():
    print(f"{answer['pagination']['total']:>3}  {question}")

# %% [markdown]
# ### What just happened?
#
# Every answer is a list as before, in pages as before; its `total` counts what the filters leave.
#
# - `status`, `from` and `to` have to be met exactly; `subject` finds a part of one, in small letters or capitals.
# - Where there are two filters, both have to hold. That is how the last line finds one day: `createdAfter` is a time and
#   what is later, `createdBefore` what is earlier and not the time itself. So days that are put next to each other have each
#   message once.
#
# Last week is the same with Monday and Monday. Mail of the lab began on Monday the 6th at noon, so that is everything but
# the mail of today:

# %%
week = "createdAfter=2026-04-06T00:00:00Z&createdBefore=2026-04-13T00:00:00Z"
lab.get(f"/messages?{week}")["pagination"]

# %% jupyter={"source_hidden": true} tags=["check"]
from itertools import pairwise

data = lab.get("/messages?perPage=100&status=bounced")["data"]
of_ann = found["to=ann@example.com"]["data"]
of_the_day = found[questions[-1]]["data"]
days = [f"2026-04-{day:02}T00:00:00Z" for day in range(6, 15)]
each_day = [
    lab.get(f"/messages?createdAfter={begin}&createdBefore={end}")["pagination"]
    for begin, end in pairwise(days)
]
holds(
    {
        "without a filter it was everything; each of these leaves a part": all(
            0 < answer["pagination"]["total"] < 312 for answer in found.values()
        ),
        "bounced are the 24 to the one who does not exist": len(data) == 24
        and {(item["to"], item["status"]) for item in data}
        == {("nobody@bounce.test", "bounced")},
        "to finds one customer's mail, and all of it": {
            item["id"] for item in of_ann
        }
        == {one["id"] for one in sent if one["to"] == "ann@example.com"},
        "from finds the invoices, and so does their subject": found[
            "from=billing@yourdomain.com"
        ]["data"]
        == found["subject=invoice"]["data"]
        and found["subject=invoice"]["pagination"]["total"] == 104,
        "two filters leave what both leave": [
            item["id"]
            for item in found["subject=invoice&to=ann@example.com"]["data"]
        ]
        == [item["id"] for item in of_ann if "Invoice" in item["subject"]],
        "the day has the mail of the day": {
            item["createdAt"][:10] for item in of_the_day
        }
        == {"2026-04-08"},
        "eight days have each message once": sum(day["total"] for day in each_day)
        == 312,
    }
)

# %% [markdown]
# ## A filter that does not exist
#
# **Predict:** a program asks for `state=bounced`. It is `status` that it means. What would be worse: an error, or a list?

# %%
misspelt = lab.get("/messages?state=bounced")
misspelt

# %% [markdown]
# ### What just happened?
#
# An error, with the name of the parameter in it. A list would have been worse: a server that does not know a filter and
# goes on without it lists all 312, and the program takes them all for bounced.

# %% [markdown]
# ## Somebody else's mail
#
# Another account, with a key of its own, sends from a domain that both accounts have shown to be theirs.
#
# **Predict:** how many messages does each of the two keys list now?

# %%
theirs = lab.dashboard.add_account("Another shop")["id"]
their_key = lab.dashboard.add_key("Theirs", account=theirs)["key"]
lab.dashboard.add_domain("yourdomain.com", account=theirs)
lab.dashboard.verify("yourdomain.com", account=theirs)

one_of_theirs = lab.post("/send", {**mail, "to": "ann@example.com"}, key=their_key)
by_their_key = lab.get("/messages", key=their_key)
by_our_key = lab.get("/messages")
by_their_key["pagination"]["total"], by_our_key["pagination"]["total"]

# %% jupyter={"source_hidden": true} tags=["check"]
to_ann = lab.get("/messages?to=ann@example.com")
holds(
    {
        "a filter that does not exist is 400": misspelt.status == 400,
        "the message names it": "'state'" in misspelt.json.get("message", ""),
        "their key lists their message alone": [
            item["id"] for item in by_their_key["data"]
        ]
        == [one_of_theirs["id"]],
        "our key lists what it listed before": by_our_key.json == listed.json,
        "nor does a filter find theirs": to_ann["data"] == of_ann,
    }
)

# %% [markdown]
# ## A walk while the shop is open
#
# So far nobody sent anything while we walked. Now ten mails go out after each page that we read.
#
# **Predict:** new mail comes in at the top of the list. What does that do to the page that we ask for next?

# %%
arrivals = []
news = {**mail, "to": "ann@example.com", "subject": "News"}


def ten_mails():
    lab.advance("1m")
    arrivals.extend(lab.post("/send", news) for _ in range(10))


order = [one for page in walk() for one in page]
lab.advance("1m")
start = f"{lab.now:%Y-%m-%dT%H:%M:%SZ}"
naive = walk(meanwhile=ten_mails)
still = walk(f"&createdBefore={start}", meanwhile=ten_mails)
Pages({"by numbers alone": naive, f"with createdBefore={start}": still}, order)

# %% [markdown]
# ### What just happened?
#
# A page is no piece of paper. It is *numbers 51 to 100 of the list, as the list is now*. Ten new messages at the top push
# everything else down by ten, so the last ten of page 1 are the first ten of page 2, and the program meets them twice
# (hatched). It misses none, but a sum over these items would be wrong; and there were eight pages to read rather than
# seven.
#
# The second walk asks for what was there *before it began*. That part of the list does not grow any more, whatever is sent
# meanwhile.
#
# One thing does not stand still even so: a list narrowed by `status`. A message that is no longer `queued` leaves that
# list, what is below moves up, and a walk misses some of it.

# %% jupyter={"source_hidden": true} tags=["check"]
by_number = [one for page in naive for one in page]
before_it = [one for page in still for one in page]
came = len(arrivals)

ten_mails()
begun = lab.get("/messages?status=queued&perPage=5&page=1")
lab.advance("1m")
left = [item["id"] for item in lab.get("/messages?status=queued")["data"]]
ended = lab.get("/messages?status=queued&perPage=5&page=2")
met = {item["id"] for answer in (begun, ended) for item in answer["data"]}
holds(
    {
        "ten came between each two pages of both walks": came
        == 10 * (len(naive) - 1 + len(still) - 1),
        "the naive walk has 70 messages twice": len(by_number) - len(set(by_number))
        == 70,
        "each page begins with the last ten of the page before": all(
            later[:10] == earlier[-10:] for earlier, later in pairwise(naive)
        ),
        "it misses none": set(by_number) == set(order),
        "the still one has each once, in order": before_it == order,
        "a walk through the queued misses five that were queued all along": (
            begun["pagination"]["total"] == 10 + len(left)
            and met.isdisjoint(left[:5])
            and met.issuperset(left[5:10])
        ),
        "the list has all of them now": lab.get("/messages")["pagination"]["total"]
        == 312 + len(arrivals),
    }
)

# %% [markdown]
# ## Exercise 10.1
#
# Find the invoices that bounced: they have to be sent by letter. One request, without any other message in its answer.

# %% tags=["exercise"]
query = "status=bounced"  # <- change this value
bounced = {one["id"] for one in sent[2::3] if one["to"] == "nobody@bounce.test"}
lab.exercise("10.1", found=lab.get(f"/messages?{query}"), wanted=bounced)

# %% jupyter={"source_hidden": true} tags=["solution"]
query = "status=bounced&subject=invoice"  # <- change this value
bounced = {one["id"] for one in sent[2::3] if one["to"] == "nobody@bounce.test"}
lab.exercise("10.1", found=lab.get(f"/messages?{query}"), wanted=bounced)

# %% [markdown]
# ## Exercise 10.2
#
# This program walks through all mail to Ann while more is sent to her. See to it that it meets every message once. (`now`
# is a time as the API writes it.)

# %% tags=["exercise"]
lab.advance("1m")
now = f"{lab.now:%Y-%m-%dT%H:%M:%SZ}"
to_ann = {one for page in walk("&to=ann@example.com") for one in page}
filters = "&to=ann@example.com"  # <- change this value
lab.exercise("10.2", pages=walk(filters, ten_mails), wanted=to_ann)

# %% jupyter={"source_hidden": true} tags=["solution"]
lab.advance("1m")
now = f"{lab.now:%Y-%m-%dT%H:%M:%SZ}"
to_ann = {one for page in walk("&to=ann@example.com") for one in page}
filters = f"&to=ann@example.com&createdBefore={now}"  # <- change this value
lab.exercise("10.2", pages=walk(filters, ten_mails), wanted=to_ann)

# %% [markdown]
# ## What the document does not say here
#
# - How to ask for another page, and which filters there are: it says that there are some, and names none. All names in this
#   lesson are choices (`CHOICE-17`), and so is the refusal of an unknown one.
# - In which order messages are listed, what `total` counts, and what happens to a walk while mail arrives (`CHOICE-18`).
#   Another server may keep a list still by itself, or miss messages.
# - What an item has beside `id` and `status`: the document has dots there. Here it is the other five members of
#   `GET /send/:id` (`CHOICE-43`).
# - How long messages can be found. Here for good (`CHOICE-56`).

# %%
lab.close()
