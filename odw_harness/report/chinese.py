"""What rules and the likelihood judge say, in Chinese: they say it in English everywhere but on the Chinese page."""

import re
from functools import cache

_HOLE = "{}"
_LONGEST = 1000
"""Characters of a message that is looked up: ours are shorter."""

CHECKS_ZH = {
    "doc_number_form": "发文字号格式",
    "doc_number_value": "发文字号",
    "signatory": "签发人",
    "title": "标题",
    "title_organ": "标题中的发文机关",
    "recipient": "主送机关",
    "no_recipient": "不应有主送机关",
    "salutation": "开头称谓",
    "numbering_form": "层次序数格式",
    "numbering_sequence": "层次序数顺序",
    "attachment_note": "附件说明",
    "signature": "署名",
    "date": "成文日期",
    "imprint": "版记",
    "closing": "结语",
    "forbidden": "不当用语",
    "placeholder": "占位符",
    "explanation": "正文以外的说明",
    "punctuation": "标点",
    "address": "行文称谓",
    "required_terms": "必要用语",
    "unsourced_figures": "无来源数字",
    "length": "篇幅",
}
"""The rule checks as a Chinese reader calls them."""
_CLAUSES_ZH = {
    r"(?:art\. )?\b(\d+)\((\d+)\)": r"第\1条第\2项",
    r"art\. (\d+)": r"第\1条",
    "the task's own demand": "题目要求",
    "practice": "惯例",
    "plain text": "纯文本",
    " and the 文种's own closing": "、该文种的惯用结语",
    "条例 ": "《条例》",
    "; ": "；",
    ", ": "、",
}
MESSAGES_ZH = {
    "the text has no line breaks, so the title can't stand on a line of its own": "全文没有分行，标题未能独占一行",
    "the text has no line breaks, so {} can't stand on a line of its own": "全文没有分行，{}未能独占一行",
    # above the text
    "令号 is missing: 第N号 stands below the title (GB/T 9704—2012 10.2)": "缺少令号：标题下应有“第N号”（GB/T 9704—2012 10.2）",
    "发文字号 {} is not in the form 第N号": "发文字号 {} 应写作“第N号”",
    "发文字号 {} is not in the form 机关代字〔年份〕N号, six-sided brackets, full year, no 第 or leading 0": "发文字号 {} 应写作“机关代字〔年份〕N号”：六角括号，年份写全，不加“第”字，不编虚位",
    "发文字号 {} is not in the form {}": "发文字号 {} 应写作 {}",
    "发文字号 {} is missing: it stands on a line of its own near the title": "缺少发文字号 {}：应在标题附近独占一行",
    "发文字号 is {}, given was {}": "发文字号为 {}，材料给定的是 {}",
    "签发人：{} is missing: a 上行文 names it near the 发文字号": "缺少“签发人：{}”：上行文应在发文字号旁标注",
    "签发人 has no name": "签发人缺姓名",
    "签发人 is {}, given was {}": "签发人为 {}，材料给定的是 {}",
    "签发人 is followed by a full-width colon (签发人：姓名)": "签发人后应标全角冒号（签发人：姓名）",
    "the text is empty": "没有文字",
    "the title mixes two 文种: {}": "标题混用两个文种：{}",
    "the title ends with punctuation: {}": "标题末尾不用标点：{}",
    "the title is written without a label: {}": "标题前不写“标题”二字：{}",
    "no line is the title expected ({}); taken for it: {}": "没有一行是应有的标题（{}）；视为标题的是：{}",
    "the title must end with {}; taken for it: {}": "标题应以“{}”结尾；视为标题的是：{}",
    "the title is only {}: it names organ, subject and 文种": "标题只有“{}”：应写明发文机关、事由和文种",
    "the title names no subject (关于…的{}): {}": "标题没有事由（关于……的{}）：{}",
    "a 议案 comes from a people's government (条例 art. 8(13)): {}": "议案由人民政府提出（《条例》第八条第十三项）：{}",
    "the title names no 发文机关: {}": "标题没有发文机关：{}",
    "主送机关 is written without a label": "主送机关前不写“主送机关”字样",
    "主送机关 is missing: {}： stands on the first line below the title": "缺少主送机关：标题下首行应为“{}：”",
    "主送机关 ends with a half-width colon; it is ：": "主送机关后用了半角冒号，应为全角“：”",
    "主送机关 is {}, given was {}": "主送机关为 {}，材料给定的是 {}",
    "a 上行文 has one 主送机关": "上行文原则上只主送一个机关",
    "a 上行文 goes to an organ, not to a person: {}": "上行文主送机关，不主送个人：{}",
    "this kind of document has no 主送机关": "该文种不标主送机关",
    "the address ends with a colon": "称呼后应标冒号",
    "no address of the audience ({}) below the title": "标题下缺少称呼（{}）",
    # below the text
    "附件说明 stands below the text, above the 落款, not after the date": "附件说明应在正文之下、落款之上，不在成文日期之后",
    "附件说明 is missing: 附件：… stands below the text, above the 落款": "缺少附件说明：“附件：……”应在正文之下、落款之上",
    "附件说明 is written 附件：…, not 附：…": "附件说明应写作“附件：……”，不写作“附：……”",
    "附件说明 is written 附件：1.名称, not 附件1": "附件说明应写作“附件：1.名称”，不写作“附件1”",
    "附件 is followed by a full-width colon (附件：)": "“附件”后应标全角冒号（附件：）",
    "each 附件 stands on a line of its own": "每个附件名称各占一行",
    "several 附件 are numbered 1. 2. …, found: {}": "多个附件应编号 1. 2. ……，现为：{}",
    "a single 附件 has no number": "只有一个附件时不编号",
    "the name of an 附件 ends without punctuation": "附件名称后不加标点",
    "{} 附件 are named, given were {}": "列出 {} 个附件，材料给定 {} 个",
    "the 附件 {} is not the one given ({})": "附件“{}”与材料给定的（{}）不符",
    "{} must stand just above a 成文日期, and there is no date": "{}应紧接在成文日期之上，而文中没有成文日期",
    "落款 is missing: {} and the date below it": "缺少落款：{}及其下的成文日期",
    "署名 and 成文日期 stand on lines of their own": "署名和成文日期应各占一行",
    "{} is missing above the date": "成文日期之上缺少{}",
    "署名 is written without a label": "署名前不写“落款”等字样",
    "a 令 is signed with 职务 and 姓名, found: {}": "令由负责人署职务和姓名，现为：{}",
    "no 署名 just above the date, but: {}": "紧接成文日期之上没有署名，而是：{}",
    "署名 stands on a line of its own": "署名应独占一行",
    "just above the date should stand {}, found: {}": "紧接成文日期之上应为{}，现为：{}",
    "the date {} is missing below the title": "标题下缺少日期 {}",
    "the date is missing below the title": "标题下缺少日期",
    "成文日期 is missing: 2024年3月5日 stands on a line of its own at the end": "缺少成文日期：文末应有独占一行的日期，如“2024年3月5日”",
    "成文日期 is written without a label": "成文日期前不写“成文日期”等字样",
    "成文日期 {} is not in the form 2024年3月5日 (Arabic figures, full year, no leading 0)": "成文日期 {} 应写作“2024年3月5日”（阿拉伯数字，年份写全，不编虚位）",
    "there is no {}": "没有{}这一天",
    "成文日期 is {}, given was {}": "成文日期为 {}，材料给定的是 {}",
    "主题词 is no element of a 公文 since 2012": "2012年起公文不再标注主题词",
    "抄报 is no element of a 公文 since 2012: it is 抄送": "2012年起不再使用“抄报”，应为“抄送”",
    "抄送 is followed by a full-width colon (抄送：)": "“抄送”后应标全角冒号（抄送：）",
    "a 上行文 is not copied to subordinates": "上行文不抄送下级机关",
    "the last of the 抄送机关 is followed by a full stop": "最后一个抄送机关后应标句号",
    "印发日期 is not in the form 2024年3月5日印发": "印发日期应写作“2024年3月5日印发”",
    "no 结语 such as {} at the end of the text": "正文末尾没有结语，如“{}”",
    # the text
    "numbering in a wrong form: {} (right: 一、 （一） 1. （1）)": "层次序数形式不对：{}（应为 一、 （一） 1. （1））",
    "{} follows number {} of its level": "“{}”之前，同一层次只编到第 {} 项",
    "{} does not belong in this document": "“{}”不应出现在该文种中",
    "a placeholder is left: {}": "留有占位符：{}",
    "Markdown is left: {}": "留有 Markdown 标记：{}",
    "text before the document: {}": "公文之前有多余文字：{}",
    "text after the document: {}": "公文之后有多余文字：{}",
    "half-width {} in Chinese text": "中文里用了半角标点 {}",
    "{} does not fit the 行文方向": "“{}”与行文方向不符",
    "missing: {}": "缺少：{}",
    "figures of no source: {}": "没有来源的数字：{}",
    "{} characters, asked were {} to {}": "全文 {} 字，要求 {} 至 {} 字",
    # the likelihood judge
    "the answer is empty": "答案为空",
    "the answer gives {} of what the reference gives": "参考答案所写的内容，这篇答案给出了 {}",
}
"""Every message of a check that failed, and the likelihood judge's rationales; {} stands for what a message quotes."""


def message_zh(message: str) -> str:
    """A message in Chinese, what it quotes as it is; one that is not known as it stands.

    >>> message_zh("成文日期 is 2024年3月5日, given was 2024年3月6日")
    '成文日期为 2024年3月5日，材料给定的是 2024年3月6日'
    """
    for pattern, chinese in _patterns() if len(message) <= _LONGEST else ():
        if found := pattern.fullmatch(message):
            return chinese.format(*found.groups())
    return message


def clause_zh(clause: str) -> str:
    """What a check rests on, for a Chinese reader.

    >>> clause_zh("条例 art. 9(11), 9(12); GB/T 9704—2012 7.3.5"), clause_zh("practice (结语)")
    ('《条例》第9条第11项、第9条第12项；GB/T 9704—2012 7.3.5', '惯例 (结语)')
    """
    for pattern, chinese in _CLAUSES_ZH.items():
        clause = re.sub(pattern, chinese, clause)
    return clause


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile("(.*?)".join(map(re.escape, english.split(_HOLE))), re.DOTALL), chinese)
        for english, chinese in MESSAGES_ZH.items()
    )
