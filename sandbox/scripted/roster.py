"""A year's duty roster as Markdown, a section a month: the kind of answer that outgrows any card (pure)."""

from datetime import date, timedelta
from typing import Final

_YEAR: Final = 2027
_WEEKDAYS: Final = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_PEOPLE: Final = {
    "zh": ("林小满", "周屿", "陈一诺", "高远", "沈知行", "何苗", "陆之遥"),
    "en": ("Lin Xiaoman", "Zhou Yu", "Chen Yinuo", "Gao Yuan", "Shen Zhixing", "He Miao", "Lu Zhiyao"),
}
_DUTIES: Final = {
    "zh": ("巡查机房", "查看备份", "整理工单", "更新公告", "检查会议室", "值守热线", "值守热线"),
    "en": ("server room round", "backups", "tickets", "notice board", "meeting rooms", "hotline", "hotline"),
}
_ADVICE: Final = {
    "zh": (
        "新年第一周事情多，交接单请写清楚谁、何时、做什么。",
        "春节前后人手少，请假至少提前三天和搭档商量。",
        "备份每月抽一份真的恢复一次，能恢复的才叫备份。",
        "清明、谷雨雨水多，机房的漏水报警先试一次。",
        "长假前把热线转接的号码再拨一遍。",
        "月底是半年盘点，设备清单和实物对一遍。",
        "天热，机房空调的滤网这个月要洗。",
        "台风季，出门前看一眼天气，回家后报个平安。",
        "新同事集中入职，第一次值班请有人带。",
        "长假前后各留一天缓冲，不在节前最后一天发布。",
        "年末审计要看记录，值班日志别等到月底再补。",
        "一年将尽，把明年想改的事记在这里，别等忘了。",
    ),
    "en": (
        "The first week is busy: write down who does what, and when.",
        "Few are here around Spring Festival; agree on leave three days before.",
        "Restore one backup for real each month; only then is it one.",
        "The rains come: try the water alarm of the server room.",
        "Before the long holiday, dial the hotline's forwarding number.",
        "Half-year stocktaking: compare the list with what is there.",
        "It is hot: wash the filters of the air conditioning.",
        "Typhoon season: look at the weather before you leave.",
        "New colleagues start; nobody does a first shift alone.",
        "Leave a day between the last release and the holiday.",
        "The auditors read the log: do not fill it in at the month's end.",
        "The year ends: write here what should change in the next.",
    ),
}
_HEADS: Final = {"zh": ("日期", "星期", "值班", "备岗", "要做的事"), "en": ("Date", "Day", "On duty", "Stand-in", "To do")}


def roster(language: str) -> str:
    """The whole year in "zh" or "en"; more than 20,000 bytes."""
    return "\n\n".join(_month(month, language) for month in range(1, 13))


def _month(month: int, language: str) -> str:
    heads, advice = _HEADS[language], _ADVICE[language][month - 1]
    title = f"## {month} 月" if language == "zh" else f"## {date(_YEAR, month, 1):%B}"
    day, rows = date(_YEAR, month, 1), []
    while day.month == month:
        rows.append(_row(day, language))
        day += timedelta(days=1)
    head = f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}"
    return f"{title}\n\n> {advice}\n\n{head}\n" + "\n".join(rows)


def _row(day: date, language: str) -> str:
    people, place = _PEOPLE[language], day.toordinal() - 1  # so that a week begins on Monday
    on_duty, stand_in = people[place // 7 % len(people)], people[(place // 7 + 1 + place % 3) % len(people)]
    weekday = _WEEKDAYS[language][day.weekday()]
    return f"| {day:%m-%d} | {weekday} | {on_duty} | {stand_in} | {_DUTIES[language][day.weekday()]} |"
