# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Where do I start?
#
# **At lesson 01. Each lesson asks a question, answers it in a line, and lets you run what shows it.**
#
# Nothing here needs a network, an account or a mail server: a lesson has a whole mail internet in memory, on a
# clock of your own. Run the cells from top to bottom (Shift and Enter). Before you run one that follows the word
# **Predict**, say what you expect; being wrong is what makes it stick. A line that begins with a tick is a claim
# that was just checked. Exercises have one value to change, and say by themselves whether it is right; the
# solution is folded away below.
#
# | Lesson | Minutes | In a line |
# |---|---|---|
# | [01 Can I send a mail with one request?](01-first-mail.ipynb) | 10 | Yes: one `POST` with a key. What comes back is a receipt, and the mail is on its way. |
# | [04 Where is my mail now?](04-where-is-my-mail.ipynb) | 15 | Ask `GET /send/:id`: it says `queued` while anything can still happen, and then one last word that stays. |
# | [05 What did the two servers say to each other?](05-what-the-servers-said.ipynb) | 20 | A short dialogue of commands and three-digit replies, and the first digit of the last reply decides: 2 taken, 4 not now, 5 never. |
# | [06 Why does mail wait, and for how long?](06-why-mail-waits.ipynb) | 15 | Because the other server said "not now": our server asks again after a minute, then ever more rarely, and gives up after four days. |
# | [07 How many requests do I get?](07-how-many-requests.ipynb) | 15 | For each key and minute: 100 sends, 300 reads, 10 for keys; the next one is answered 429, and `Retry-After` says how long to wait. |

# %% [markdown]
# ## Where each promise is shown
#
# The names in the left column are those of [the API document](../contracts/api-document.md), which restates every
# promise under its own name. This page is generated, and a test fails when it does not fit the lessons.
#
# | Promise | Lessons |
# |---|---|
# | `base.url` | [01](01-first-mail.ipynb) |
# | `base.relative` | [01](01-first-mail.ipynb) |
# | `base.id` | [04](04-where-is-my-mail.ipynb) |
# | `base.json.request` | [01](01-first-mail.ipynb) |
# | `base.json.response` | [01](01-first-mail.ipynb) |
# | `auth.header` | [01](01-first-mail.ipynb) |
# | `auth.token` | [01](01-first-mail.ipynb) |
# | `auth.prefix` | [01](01-first-mail.ipynb) |
# | `send.purpose` | [01](01-first-mail.ipynb), [05](05-what-the-servers-said.ipynb) |
# | `send.domain` | [01](01-first-mail.ipynb) |
# | `send.request` | [01](01-first-mail.ipynb) |
# | `send.request.method` | [01](01-first-mail.ipynb) |
# | `send.request.path` | [01](01-first-mail.ipynb) |
# | `send.request.from` | [01](01-first-mail.ipynb) |
# | `send.request.from.domain` | [01](01-first-mail.ipynb) |
# | `send.request.to` | [01](01-first-mail.ipynb) |
# | `send.request.subject` | [01](01-first-mail.ipynb) |
# | `send.request.html` | [01](01-first-mail.ipynb) |
# | `send.request.minimal` | [01](01-first-mail.ipynb) |
# | `send.request.delivered` | [01](01-first-mail.ipynb), [05](05-what-the-servers-said.ipynb) |
# | `send.response` | [01](01-first-mail.ipynb) |
# | `send.response.id` | [01](01-first-mail.ipynb) |
# | `send.response.id.read` | [01](01-first-mail.ipynb) |
# | `send.response.id.prefix` | [01](01-first-mail.ipynb) |
# | `send.response.status` | [01](01-first-mail.ipynb), [04](04-where-is-my-mail.ipynb), [06](06-why-mail-waits.ipynb) |
# | `send.response.from` | [01](01-first-mail.ipynb) |
# | `send.response.to` | [01](01-first-mail.ipynb) |
# | `send.response.createdAt` | [01](01-first-mail.ipynb) |
# | `send.calls.curl` | [01](01-first-mail.ipynb) |
# | `send.calls.javascript` | [01](01-first-mail.ipynb) |
# | `send.calls.python` | [01](01-first-mail.ipynb) |
# | `status.purpose` | [04](04-where-is-my-mail.ipynb) |
# | `status.method` | [04](04-where-is-my-mail.ipynb) |
# | `status.path` | [04](04-where-is-my-mail.ipynb) |
# | `status.response` | [04](04-where-is-my-mail.ipynb) |
# | `status.response.id` | [04](04-where-is-my-mail.ipynb) |
# | `status.response.status` | [04](04-where-is-my-mail.ipynb), [05](05-what-the-servers-said.ipynb) |
# | `status.response.from` | [04](04-where-is-my-mail.ipynb) |
# | `status.response.to` | [04](04-where-is-my-mail.ipynb) |
# | `status.response.subject` | [04](04-where-is-my-mail.ipynb) |
# | `status.response.createdAt` | [04](04-where-is-my-mail.ipynb) |
# | `status.response.deliveredAt` | [04](04-where-is-my-mail.ipynb), [05](05-what-the-servers-said.ipynb), [06](06-why-mail-waits.ipynb) |
# | `status.unknown` | [04](04-where-is-my-mail.ipynb) |
# | `limits.scope` | [07](07-how-many-requests.ipynb) |
# | `limits.reason` | [07](07-how-many-requests.ipynb) |
# | `limits.tiers` | [07](07-how-many-requests.ipynb) |
# | `limits.send` | [07](07-how-many-requests.ipynb) |
# | `limits.read` | [07](07-how-many-requests.ipynb) |
# | `limits.keys` | [07](07-how-many-requests.ipynb) |
# | `limits.429` | [07](07-how-many-requests.ipynb) |
# | `limits.retry` | [07](07-how-many-requests.ipynb) |
# | `limits.retry.true` | [07](07-how-many-requests.ipynb) |
# | `errors.body` | [01](01-first-mail.ipynb), [07](07-how-many-requests.ipynb) |
# | `errors.body.error` | [07](07-how-many-requests.ipynb) |
# | `errors.body.message` | [07](07-how-many-requests.ipynb) |
# | `errors.404` | [04](04-where-is-my-mail.ipynb) |
# | `errors.422` | [01](01-first-mail.ipynb) |
# | `errors.429` | [07](07-how-many-requests.ipynb) |
# | `product.rest` | [01](01-first-mail.ipynb) |
# | `product.reliable` | [05](05-what-the-servers-said.ipynb), [06](06-why-mail-waits.ipynb) |
# | `product.tracking` | [04](04-where-is-my-mail.ipynb), [06](06-why-mail-waits.ipynb) |
# | `product.included` | [05](05-what-the-servers-said.ipynb) |
#
# 71 of 133 promises have no lesson yet:
# `base.https`, `base.operations`, `base.success`, `auth.required`, `auth.live`, `auth.dashboard`, `auth.endpoint`, `send.request.to.required`, `send.request.text`, `send.request.both`, `send.request.replyTo`, `send.request.headers`, `status.account`, `messages.purpose`, `messages.method`, `messages.path`, `messages.filters`, `messages.account`, `messages.response`, `messages.data`, `messages.data.id`, `messages.data.status`, `messages.data.more`, `messages.pagination`, `messages.pagination.page`, `messages.pagination.perPage`, `messages.pagination.total`, `messages.pagination.next`, `keys.create`, `keys.create.method`, `keys.create.path`, `keys.create.request`, `keys.create.request.name`, `keys.create.response`, `keys.create.response.id`, `keys.create.response.id.prefix`, `keys.create.response.name`, `keys.create.response.key`, `keys.create.response.createdAt`, `keys.list`, `keys.list.all`, `keys.list.account`, `keys.list.method`, `keys.list.path`, `keys.list.response`, `keys.list.response.id`, `keys.list.response.name`, `keys.list.response.lastUsed`, `keys.list.secret`, `keys.revoke`, `keys.revoke.irreversible`, `keys.revoke.method`, `keys.revoke.path`, `keys.revoke.response`, `keys.revoke.unknown`, `keys.revoke.account`, `errors.always`, `errors.example`, `errors.400`, `errors.401`, `errors.403`, `errors.409`, `errors.500`, `errors.403.keys`, `errors.409.domains`, `product.domains`, `product.dkim`, `product.spf`, `product.account`, `product.start`, `product.minutes`.
