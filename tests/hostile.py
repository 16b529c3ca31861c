"""Texts that attack the page that shows them: by markup, by marks that are not seen, and by their shape."""

RUN = "window.pwned=1;alert(1)"
MARKUP = (
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"--></style></textarea></title></noscript></template><script>{RUN}</script>",
    f'<img src=x onerror="{RUN}">',
    f'<svg onload="{RUN}"><animate onbegin="{RUN}"></svg>',
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe><iframe src="javascript:{RUN}"></iframe>',
    f'<a href="javascript:{RUN}" autofocus onfocus="{RUN}" tabindex=0>点</a><details open ontoggle="{RUN}">',
    f'<input autofocus onfocus="{RUN}"><video src=x onerror="{RUN}"></video>',
    "<style>*{display:none!important}body{background:url(http://127.0.0.1:9/x)}</style>",
    '<link rel=stylesheet href="http://127.0.0.1:9/x"><base href="http://127.0.0.1:9/"><meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">',
    '<form id="samples" name="samples-detail"><input name=children></form><img name=body id=samples-next>',
    '<div style="position:fixed;inset:0;width:9999px;z-index:9999;background:red">盖住</div>',
    f"{{{{ 7*7 }}}} {{% raw %}} ${{{RUN}}} `{RUN}` \\u003cscript> &lt;script&gt; &#60;script&#62;",
    f"'\"]}};{RUN};//\u2028{RUN}\u2029<!--<script>",
    "__proto__\nconstructor\nhasOwnProperty\ntoString",
)
MARKS = (
    "\u202e\u202d\u2066\u2067\u2068\u202a\u202b 倒写 \u202c\u2069\u200e\u200f\u061c",
    "\0\x01\x1b[31m红\x1b[2J\x07\x08\x7f\x9b",
    "零\u200b宽\u2060度\ufeff\u00ad\U000e0041\U000e0042",
    "公" + "\u0301\u0489" * 400 + "文",
    "\ud83d\udc69\u200d\ud83d\ude80".encode("utf-16", "surrogatepass").decode("utf-16") * 40,
)
SHAPES = (
    "A" * 200_000,
    "公" * 200_000,
    "\u3000" * 3000 + "尾",
    "\t" * 2000 + "尾",
    "x\n" * 20_000,
    "\n" * 20_000 + "尾",
    "\u202e" * 4000 + "\u202e\u2066" * 3000,
    "﷽" * 400,
    "——" * 5000,
    "http://" + "a" * 9000,
)
ATTACKS = (*MARKUP, *MARKS, *SHAPES)
TAGS = "script, img, svg, iframe, object, embed, form, style, link, meta, base, video, input, template"
