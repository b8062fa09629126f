"""Why a task or a recipient stands where it does, in the words a page shows."""

from crm.phrases import Phrase

SENDER_LEFT = Phrase("同事已离开，或不再服务客户").key
NOBODY = Phrase("企业微信说没有人能收到").key
UNREACHED = (SENDER_LEFT, NOBODY)
"""No fault of ours: the recipients of such a failed task are unreachable."""

BUSY = Phrase("接口太忙，等限流过去").key
LATER = Phrase("企业微信正忙，稍后再试").key
NO_TOKEN = Phrase("拿不到企业微信的凭证，稍后再试").key
TOO_LATE = Phrase("过了点才能发，没有发").key
REFUSED = Phrase("企业微信没有接受").key
NO_ONE_LEFT = Phrase("没有可发的人了").key
REHEARSAL = Phrase("演练模式").key
STOPPED = Phrase("全部停发，还没建的都扣下了").key
CANCELLED = Phrase("取消了").key

UNANSWERED = Phrase("发出去了，没有回音，正在企业微信里查").key
DIED = Phrase("试的时候程序停了，正在企业微信里查").key
FOUND = Phrase("没有回音，在企业微信里查到了").key
TWICE = Phrase("企业微信里有两份，撤回了后一份").key
NOT_FOUND = Phrase("没有回音，企业微信里也没查到").key

NOT_REACHED = Phrase("企业微信说发不到").key
NOT_LISTED = Phrase("企业微信没有列出").key
GROUP_NOT_LISTED = Phrase("群主发送了，这个群没有收到").key
NO_PLACE = Phrase("本月已达上限").key
NEVER_CONFIRMED = Phrase("30 天没有人发送").key

REMINDED_ENOUGH = Phrase("企业微信说 24 小时内已提醒 3 次").key
NOT_REMINDED = Phrase("没提醒成").key
