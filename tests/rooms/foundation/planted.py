"""Files with planted values for the cleaner's tests, all made in code; and where to look for them.

Every planted value holds MARK. What a reader sees holds SEEN, and must still be there.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

MARK = "Zeuxis7731"
WHO = f"Amina {MARK}"
SEEN = "Visible4242"
XMP = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" rdf:about=""><dc:creator><rdf:Seq><rdf:li>'
    f"{WHO}</rdf:li></rdf:Seq></dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="w"?>'
)


# --- pictures ---------------------------------------------------------------------------------------
def picture(size: tuple[int, int] = (320, 200), mode: str = "RGB") -> Image.Image:
    """A picture whose corners tell which way is up: red, green, blue, white."""
    width, height = size
    image = Image.new("RGB", size, "gray")
    draw = ImageDraw.Draw(image)
    corners = {(0, 0): "red", (1, 0): "lime", (0, 1): "blue", (1, 1): "white"}
    for (right, low), colour in corners.items():
        left, top = right * width * 3 // 4, low * height * 3 // 4
        draw.rectangle((left, top, left + width // 4 - 1, top + height // 4 - 1), fill=colour)
    return image.convert(mode)


def profile() -> bytes:
    """A colour profile whose description names somebody."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for text in ("sRGB built-in", "No copyright, use freely"):
        new = MARK.ljust(len(text))[: len(text)]
        made = made.replace(text.encode("utf-16-be"), new.encode("utf-16-be"))
        made = made.replace(text.encode(), new.encode())
    assert MARK.encode("utf-16-be") in made or MARK.encode() in made
    return made


def exif(orientation: int = 1) -> Image.Exif:
    """Who, where, when, with which camera."""
    made = Image.Exif()
    made[0x010E], made[0x010F], made[0x0110] = f"At {MARK}", f"{MARK} Inc", f"Model {MARK}"
    made[0x0112] = orientation
    made[0x013B], made[0x9C9D] = WHO, WHO.encode("utf-16-le")
    camera = made.get_ifd(0x8769)
    camera[0x9003], camera[0xA431], camera[0x927C] = "2031:02:03 04:05:06", MARK, MARK.encode()
    place = made.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (14.0, 5.0, 39.0), "W", (87.0, 12.0, 24.0)
    place[0x1B] = MARK.encode()
    return made


def segment(marker: int, body: bytes) -> bytes:
    """One segment of a JPEG."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def jpeg(orientation: int = 1, image: Image.Image | None = None) -> bytes:
    """A JPEG with everything that cameras and editors write, and more after its end."""
    out = io.BytesIO()
    small = io.BytesIO()
    picture((64, 40)).save(small, "JPEG", comment=f"thumb {MARK}".encode())
    (image or picture()).save(
        out, "JPEG", quality=90, exif=exif(orientation), comment=WHO.encode(), icc_profile=profile()
    )
    data = out.getvalue()
    iptc = b"\x1c\x02\x50" + struct.pack(">H", len(WHO)) + WHO.encode()
    extra = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP.encode())
    extra += segment(
        0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(iptc)) + iptc
    )
    extra += segment(0xEB, b"JP\0\x01\0\0\0\x01" + f"c2pa {MARK}".encode())
    extra += segment(0xE0, b"JFXX\0\x10" + small.getvalue())
    extra += segment(0xE3, b"Meta\0" + MARK.encode())
    return data[:2] + extra + data[2:] + small.getvalue() + MARK.encode()


def chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(image: Image.Image | None = None) -> bytes:
    """A PNG with texts, times, a private chunk and more after its end."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", WHO)
    info.add_text("Comment", WHO, zip=True)
    info.add_itxt("XML:com.adobe.xmp", XMP)
    info.add(b"tIME", struct.pack(">HBBBBB", 2031, 2, 3, 4, 5, 6))
    info.add(b"prVt", MARK.encode(), after_idat=True)
    out = io.BytesIO()
    image = image or picture(mode="RGBA")
    image.save(out, "PNG", pnginfo=info, exif=exif(), dpi=(72, 72), icc_profile=profile())
    return out.getvalue() + MARK.encode()


def webp(lossless: bool = False) -> bytes:
    """A WebP with what its container can carry."""
    out = io.BytesIO()
    picture(mode="RGBA").save(
        out, "WEBP", lossless=lossless, exif=exif(), xmp=XMP.encode(), icc_profile=profile()
    )
    data = out.getvalue() + b"prVt" + struct.pack("<I", len(MARK)) + MARK.encode()
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


def heic() -> bytes:
    """A HEIC as telephones write it, with a thumbnail."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    picture((640, 400)).save(
        out, "HEIF", exif=exif().tobytes(), xmp=XMP.encode(), icc_profile=profile(), quality=80
    )
    return out.getvalue()


# --- PDF --------------------------------------------------------------------------------------------
def pdf(pages: int = 2) -> bytes:
    """A PDF with all that can hide in one, and text, pictures, a form and a note that are seen."""
    made = pikepdf.Pdf.new()
    for number in range(pages):
        made.pages.append(pikepdf.Page(made.make_indirect(pdf_page(made, number))))
    root = made.Root
    with made.open_metadata() as meta:
        meta["dc:creator"] = [WHO]
    for key in ("/Author", "/Title", "/Producer", "/Creator", f"/{MARK}"):
        made.docinfo[key] = String(WHO)
    script = Dictionary(S=Name.JavaScript, JS=String(f"app.alert('{MARK}')"))
    attached = Dictionary(
        Type=Name.Filespec,
        F=String(f"{MARK}.txt"),
        EF=Dictionary(F=Stream(made, f"attached {MARK}".encode())),
    )
    root.OpenAction = script
    root.AA = Dictionary(WC=script)
    root.AF = Array([made.make_indirect(attached)])
    root.Names = Dictionary(
        JavaScript=Dictionary(Names=Array([String(MARK), script])),
        EmbeddedFiles=Dictionary(Names=Array([String(MARK), made.make_indirect(attached)])),
        Dests=Dictionary(Names=Array([String(MARK), Array([made.pages[0].obj, Name.Fit])])),
    )
    root.PieceInfo = Dictionary({f"/{MARK}": Dictionary(Private=String(WHO))})
    root.Lang = String(f"es-{MARK}")
    root.URI = Dictionary(Base=String(f"https://{MARK}.example"))
    root.OutputIntents = Array(
        [Dictionary(Type=Name.OutputIntent, OutputCondition=String(MARK), Info=String(MARK))]
    )
    root.StructTreeRoot = made.make_indirect(
        Dictionary(Type=Name.StructTreeRoot, K=Dictionary(S=Name.P, T=String(WHO), Alt=String(WHO)))
    )
    with made.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem(WHO, 0))
    form_field(made)
    made.trailer.ID = Array([String(MARK * 2), String(MARK)])
    out = io.BytesIO()
    made.save(out, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue() + f"\n% {MARK} after the end\n".encode()


def pdf_page(made: pikepdf.Pdf, number: int) -> pikepdf.Object:
    """One page with text, pictures in several codings, a form, tags and notes."""
    content = (
        f"% drawn by {MARK}\n/P <</MCID 0 /ActualText ({WHO})>> BDC\nBT /{MARK} 24 Tf 72 700 Td "
        f"({SEEN} {number}) Tj ET EMC\n/{MARK} MP\nBX ({MARK}) {MARK} EX\n"
        "q 200 0 0 125 72 500 cm /Photo Do Q q 200 0 0 125 300 500 cm /Flat Do Q\n"
        "q 1 0 0 1 72 400 cm /Form Do Q\n/Spot cs 0.5 scn 72 300 100 50 re f\n"
        "q 60 0 0 60 300 300 cm BI /W 8 /H 8 /BPC 8 /CS /G /F /AHx ID "
        + bytes(range(0, 256, 4)).hex()
        + "> EI Q\n"
    ).encode("latin-1")
    hidden = Dictionary(Private=String(WHO))
    photo = Stream(made, jpeg())
    photo.Metadata = Stream(made, XMP.encode())
    photo.Name = Name(f"/{MARK}")
    photo.PieceInfo = Dictionary({f"/{MARK}": hidden})
    for key, value in image_keys(320, 200, Name.DeviceRGB).items():
        photo[key] = value
    photo.Filter = Name.DCTDecode
    flat = Stream(made, picture().tobytes() + MARK.encode())
    calibrated = Stream(made, profile())
    calibrated.N = 3
    for key, value in image_keys(320, 200, Array([Name.ICCBased, calibrated])).items():
        flat[key] = value
    unused = Stream(made, f"BT ({MARK}) Tj ET".encode())
    unused.Subtype = Name.Form
    form = Stream(made, f"% {MARK}\n0 0 1 rg 0 0 80 40 re f".encode())
    form.Subtype, form.BBox = Name.Form, Array([0, 0, 80, 40])
    form.Metadata, form.LastModified = Stream(made, XMP.encode()), String(MARK)
    tint = Dictionary(
        FunctionType=2, N=1, Domain=Array([0, 1]), C0=Array([1, 1, 1]), C1=Array([1, 0, 0])
    )
    resources = Dictionary()
    resources["/Font"] = Dictionary({f"/{MARK}": made.make_indirect(font(made))})
    resources["/XObject"] = Dictionary(Photo=photo, Flat=flat, Form=form, Unused=unused)
    resources["/ColorSpace"] = Dictionary(
        Spot=Array([Name.Separation, Name(f"/{MARK}"), Name.DeviceRGB, tint])
    )
    resources["/Properties"] = Dictionary({f"/{MARK}": Dictionary(Title=String(WHO))})
    page = Dictionary(Type=Name.Page, MediaBox=Array([0, 0, 612, 792]), Resources=resources)
    page["/Contents"] = Stream(made, content)
    page["/Thumb"] = flat
    page["/PieceInfo"] = Dictionary({f"/{MARK}": hidden})
    page["/Metadata"] = Stream(made, XMP.encode())
    page["/LastModified"] = String(MARK)
    page["/Annots"] = Array([made.make_indirect(note) for note in notes(made)])
    page["/AA"] = Dictionary(O=Dictionary(S=Name.URI, URI=String(f"https://{MARK}.example")))
    return page


def image_keys(width: int, height: int, space: object) -> dict[str, object]:
    """What every picture of a PDF says."""
    return {
        "/Type": Name.XObject,
        "/Subtype": Name.Image,
        "/Width": width,
        "/Height": height,
        "/BitsPerComponent": 8,
        "/ColorSpace": space,
    }


def font(made: pikepdf.Pdf) -> pikepdf.Object:
    """A font by name, with a map to Unicode that says too much."""
    unicode = Stream(
        made,
        f"%!PS {MARK}\n/CMapName /{MARK} def 1 begincodespacerange <00> <FF> endcodespacerange\n"
        "1 beginbfrange <20> <7E> <0020> endbfrange".encode(),
    )
    return Dictionary(
        Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Name=Name(f"/{MARK}"),
        Encoding=Name.WinAnsiEncoding, ToUnicode=unicode,
    )  # fmt: skip


def notes(made: pikepdf.Pdf) -> list[pikepdf.Object]:
    """A mark with an author and a look, a pop-up, a link, and one that is hidden."""
    look = Stream(made, b"1 1 0 rg 0 0 100 20 re f")
    look.Subtype, look.BBox, look.Resources = Name.Form, Array([0, 0, 100, 20]), Dictionary()
    secret = Stream(made, f"BT ({MARK}) Tj ET".encode())
    secret.Subtype, secret.BBox = Name.Form, Array([0, 0, 100, 20])
    told = {"/T": String(WHO), "/Contents": String(MARK), "/M": String("D:20310203040506")}
    return [
        Dictionary(
            {"/Type": Name.Annot, "/Subtype": Name.Square, "/Rect": Array([72, 200, 172, 220])}
            | told
            | {"/AP": Dictionary(N=look), "/F": 4, "/NM": String(MARK), "/RC": String(MARK)}
        ),
        Dictionary(
            {"/Type": Name.Annot, "/Subtype": Name.Popup, "/Rect": Array([0, 0, 9, 9])} | told
        ),
        Dictionary(
            {"/Type": Name.Annot, "/Subtype": Name.Link, "/Rect": Array([72, 690, 200, 720])}
            | {"/A": Dictionary(S=Name.URI, URI=String(f"https://{MARK}.example"))}
        ),
        Dictionary(
            {"/Type": Name.Annot, "/Subtype": Name.FreeText, "/Rect": Array([72, 100, 172, 120])}
            | told
            | {"/AP": Dictionary(N=secret), "/F": 2}
        ),
    ]


def form_field(made: pikepdf.Pdf) -> None:
    """A filled field of a form."""
    field = Dictionary(
        {"/Type": Name.Annot, "/Subtype": Name.Widget, "/Rect": Array([300, 200, 500, 220])}
        | {"/FT": Name.Tx, "/T": String(MARK), "/TU": String(MARK), "/V": String("Filled in")}
        | {"/DA": String("/Helv 12 Tf 0 g"), "/F": 4}
    )
    field = made.make_indirect(field)
    made.pages[0].obj.Annots.append(field)
    helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    made.Root.AcroForm = Dictionary(
        Fields=Array([field]),
        NeedAppearances=True,
        DR=Dictionary(Font=Dictionary(Helv=made.make_indirect(helvetica))),
        DA=String("/Helv 12 Tf 0 g"),
    )


# --- packages ---------------------------------------------------------------------------------------
def package(parts: dict[str, bytes | str], stored: str = "") -> bytes:
    """A ZIP of these parts, with a comment and the times of a writing desk."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name, (2031, 2, 3, 4, 5, 6))
            entry.compress_type = zipfile.ZIP_STORED if name == stored else zipfile.ZIP_DEFLATED
            if name != stored:
                entry.comment = MARK.encode()
            made.writestr(entry, data)
        made.comment = MARK.encode()
    return out.getvalue()


OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
ML = "application/vnd.openxmlformats-officedocument"


def relations(*entries: tuple[str, str, str]) -> str:
    """A relationships part for (id, last word of the type, target)."""
    rows = ""
    for number, kind, target in entries:
        full = kind if ":" in kind else f"{OFFICE}/{kind}"
        mode = 'TargetMode="External"' if "://" in target else ""
        rows += f'<Relationship Id="{number}" Type="{full}" Target="{target}" {mode}/>'
    return f'<Relationships xmlns="{PACKAGE}/relationships">{rows}</Relationships>'


def types(**parts: str) -> str:
    """The list of content types."""
    rows = "".join(
        f'<Override PartName="/{n.replace("__", "/")}.xml" ContentType="{t}"/>'
        for n, t in parts.items()
    )
    return (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="jpeg" '
        f'ContentType="image/jpeg"/>{rows}</Types>'
    )


CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
    f'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>{WHO}</dc:creator>'
    f"<cp:lastModifiedBy>{WHO}</cp:lastModifiedBy></cp:coreProperties>"
)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
NAMESPACES = (
    f'xmlns:w="{W}" xmlns:r="{OFFICE}" xmlns:a="{A}" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml" mc:Ignorable="w14 w15"'
)


def drawing(crop: str = "") -> str:
    """A picture in a text document, with its file's name wherever programs write it."""
    said = f'name="C:/{MARK}.jpg" descr="{MARK}" title="{MARK}"'
    return (
        f'<w:drawing><wp:inline><wp:extent cx="1905000" cy="1190625"/><wp:docPr id="1" {said}>'
        f'<a:hlinkClick r:id="rLink" tooltip="{MARK}"/></wp:docPr><a:graphic><a:graphicData '
        'uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
        f'<pic:cNvPr id="1" {said}/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip '
        f'r:embed="rImage" r:link="rFar"><a:extLst><a:ext uri="{MARK}"/></a:extLst></a:blip>{crop}'
        '<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/>'
        '<a:ext cx="1905000" cy="1190625"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>'
        "</a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"
    )


def field(instruction: str, shown: str) -> str:
    """A complex field."""
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> '
        f'{instruction} </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'<w:r><w:t>{shown}</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def docx(body: str = "", crop: str = "", **more: str) -> bytes:
    """A text document with changes, comments, fields, names, links and machines' marks."""
    stamp = f'w:id="7" w:author="{WHO}" w:date="2031-02-03T04:05:06Z"'
    text = (
        f'<w:p w:rsidR="00{MARK}" w14:paraId="{MARK}"><w:bookmarkStart w:id="1" w:name="{MARK}"/>'
        f'<w:pPr><w:pStyle w:val="{MARK}"/><w:pPrChange {stamp}><w:pPr/></w:pPrChange></w:pPr>'
        f'<w:commentRangeStart w:id="1"/><w:r><w:rPr><w:lang w:val="es-HN"/></w:rPr><w:t>{SEEN} one'
        '</w:t></w:r><w:commentRangeEnd w:id="1"/><w:r><w:commentReference w:id="1"/></w:r>'
        f"<w:ins {stamp}><w:r><w:t>{SEEN} inserted</w:t></w:r></w:ins>"
        f"<w:del {stamp}><w:r><w:delText>{MARK} deleted</w:delText></w:r></w:del>"
        f'<w:hyperlink r:id="rLink" w:tooltip="{MARK}"><w:r><w:t>{SEEN} link</w:t></w:r>'
        f'</w:hyperlink><w:bookmarkEnd w:id="1"/></w:p><w:p>{field("PAGE", "1")}'
        f"{field(f'FILENAME {MARK}', f'{SEEN} file')}<w:r>{drawing(crop)}</w:r></w:p>"
        f'<w:sdt><w:sdtPr><w:alias w:val="{MARK}"/><w:dataBinding w:xpath="/{MARK}"/></w:sdtPr>'
        f"<w:sdtContent><w:p><w:r><w:t>{SEEN} control</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:r><mc:AlternateContent><mc:Choice Requires="
        f'"w15"><w:t>{MARK}</w:t></mc:Choice><mc:Fallback><w:t>{SEEN} other</w:t></mc:Fallback>'
        f"</mc:AlternateContent></w:r></w:p><!-- {MARK} --><?{MARK} {MARK}?>"
    )
    styles = (
        f'<w:styles {NAMESPACES}><w:style w:type="paragraph" w:customStyle="1" w:styleId="{MARK}">'
        f'<w:name w:val="{MARK}"/><w:rsid w:val="00{MARK}"/><w:rPr><w:b/></w:rPr></w:style></w:styles>'
    )
    settings = (
        f'<w:settings {NAMESPACES}><w:rsids><w:rsid w:val="{MARK}"/></w:rsids><w:docVars>'
        f'<w:docVar w:name="{MARK}" w:val="{MARK}"/></w:docVars><w:defaultTabStop w:val="720"/>'
        f'<w:attachedTemplate r:id="rTemplate"/></w:settings>'
    )
    comments = (
        f'<w:comments {NAMESPACES}><w:comment w:id="1" w:author="{WHO}" w:initials="{MARK}"><w:p>'
        f"<w:r><w:t>{MARK}</w:t></w:r></w:p></w:comment></w:comments>"
    )
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": types(word__document=f"{ML}.wordprocessingml.document.main+xml"),
        "_rels/.rels": relations(
            ("r1", "officeDocument", "word/document.xml"),
            ("r2", f"{PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
            ("r3", "extended-properties", "docProps/app.xml"),
            ("r4", f"{PACKAGE}/relationships/metadata/thumbnail", "docProps/thumbnail.jpeg"),
        ),
        "docProps/core.xml": CORE,
        "docProps/app.xml": f"<Properties><Company>{MARK}</Company></Properties>",
        "docProps/thumbnail.jpeg": jpeg(),
        "word/document.xml": (
            f"<w:document {NAMESPACES}><w:body>{text}{body}<w:sectPr w:rsidR="
            f'"00{MARK}"><w:pgSz w:w="11906" w:h="16838"/></w:sectPr></w:body></w:document>'
        ),
        "word/_rels/document.xml.rels": relations(
            ("rStyles", "styles", "styles.xml"),
            ("rSettings", "settings", "settings.xml"),
            ("rComments", "comments", "comments.xml"),
            ("rImage", "image", f"media/{MARK}.jpeg"),
            ("rLink", "hyperlink", f"https://{MARK}.example"),
            ("rFar", "image", f"https://{MARK}.example/far.jpg"),
            ("rCustom", "customXml", "../customXml/item1.xml"),
            *((number, number, target) for number, target in more.items() if "." in target),
        ),
        "word/_rels/settings.xml.rels": relations(
            ("rTemplate", "attachedTemplate", f"https://{MARK}.example/{MARK}.dotm")
        ),
        "word/styles.xml": styles,
        "word/settings.xml": settings,
        "word/comments.xml": comments,
        f"word/media/{MARK}.jpeg": jpeg(),
        "customXml/item1.xml": f"<a>{MARK}</a>",
        **{f"word/{target}": MARK for target in more.values() if "." in target},
    }
    return package(parts)


X = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def xlsx(rows: str = "", state: str = "visible", formula: str = "<v>3</v>") -> bytes:
    """A workbook with names, comments, formulas, links and machines' marks."""
    drawing_space = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
    sheet = (
        f'<worksheet xmlns="{X}" xmlns:r="{OFFICE}" xmlns:xr="http://schemas.microsoft.com/office/'
        f'spreadsheetml/2014/revision" xr:uid="{MARK}"><sheetPr codeName="{MARK}"/><sheetViews>'
        '<sheetView workbookViewId="0" rightToLeft="1"><selection activeCell="C7"/></sheetView>'
        '</sheetViews><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><f>SUM([1]'
        f'{MARK}!A1)</f>{formula}</c></row>{rows}</sheetData><dataValidations count="1">'
        f'<dataValidation prompt="{MARK}"/></dataValidations><hyperlinks><hyperlink ref="A1" '
        f'r:id="rLink" tooltip="{MARK}"/></hyperlinks><pageSetup paperSize="9" r:id="rPrinter"/>'
        f'<headerFooter><oddHeader>{SEEN} header</oddHeader></headerFooter><drawing r:id="rDraw"/>'
        '<legacyDrawing r:id="rNotes"/><tableParts count="1"><tablePart r:id="rTable"/></tableParts>'
        f"<extLst><ext>{MARK}</ext></extLst></worksheet>"
    )
    picture_part = (
        f'<xdr:wsDr xmlns:xdr="{drawing_space}" xmlns:a="{A}" xmlns:r="{OFFICE}"><xdr:oneCellAnchor>'
        "<xdr:from><xdr:col>3</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>3</xdr:row><xdr:rowOff>0"
        '</xdr:rowOff></xdr:from><xdr:ext cx="1905000" cy="1190625"/><xdr:pic macro="'
        f'{MARK}"><xdr:nvPicPr><xdr:cNvPr id="2" name="{MARK}" descr="C:/{MARK}.jpg"/><xdr:cNvPicPr/>'
        '</xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rImage"/><a:stretch><a:fillRect/></a:stretch>'
        '</xdr:blipFill><xdr:spPr><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr>'
        "</xdr:pic><xdr:clientData/></xdr:oneCellAnchor></xdr:wsDr>"
    )
    workbook = (
        f'<workbook xmlns="{X}" xmlns:r="{OFFICE}"><fileVersion codeName="{MARK}"/><fileSharing '
        f'userName="{WHO}"/><workbookPr codeName="{MARK}" date1904="1"/><sheets><sheet name="{SEEN}" '
        f'sheetId="1" state="{state}" r:id="rSheet"/></sheets><externalReferences>'
        f'<externalReference r:id="rFar"/></externalReferences><definedNames><definedName name="'
        f'{MARK}" comment="{MARK}">{SEEN}!$A$1</definedName></definedNames></workbook>'
    )
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": types(xl__workbook=f"{ML}.spreadsheetml.sheet.main+xml"),
        "_rels/.rels": relations(
            ("r1", "officeDocument", "xl/workbook.xml"),
            ("r2", f"{PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ),
        "docProps/core.xml": CORE,
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": relations(
            ("rSheet", "worksheet", "worksheets/sheet1.xml"),
            ("rText", "sharedStrings", "sharedStrings.xml"),
            ("rStyles", "styles", "styles.xml"),
            ("rFar", "externalLink", "externalLinks/externalLink1.xml"),
            ("rPivot", "pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml"),
        ),
        "xl/externalLinks/externalLink1.xml": f"<a>{MARK}</a>",
        "xl/pivotCache/pivotCacheDefinition1.xml": f'<a refreshedBy="{WHO}"/>',
        "xl/styles.xml": (
            f'<styleSheet xmlns="{X}"><fonts count="1"><font><sz val="11"/></font></fonts>'
            '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
            '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
            '<cellXfs count="1"><xf/></cellXfs><cellStyles count="1">'
            f'<cellStyle name="{MARK}" xfId="0"/></cellStyles></styleSheet>'
        ),
        "xl/sharedStrings.xml": (
            f'<sst xmlns="{X}"><si><t>{SEEN} cell</t><rPh><t>{MARK}</t></rPh></si>'
            f"<si><t>{MARK} left over</t></si></sst>"
        ),
        "xl/worksheets/sheet1.xml": sheet,
        "xl/worksheets/_rels/sheet1.xml.rels": relations(
            ("rLink", "hyperlink", f"https://{MARK}.example"),
            ("rPrinter", "printerSettings", "../printerSettings/printerSettings1.bin"),
            ("rDraw", "drawing", "../drawings/drawing1.xml"),
            ("rNotes", "vmlDrawing", "../drawings/vmlDrawing1.vml"),
            ("rComments", "comments", "../comments1.xml"),
            ("rTable", "table", "../tables/table1.xml"),
        ),
        "xl/tables/table1.xml": (
            f'<table xmlns="{X}" id="1" name="{MARK}" displayName="{MARK}" comment="{MARK}" '
            f'ref="A1:A2"><tableColumns count="1"><tableColumn id="1" name="{SEEN} cell">'
            f"<calculatedColumnFormula>{MARK}</calculatedColumnFormula></tableColumn></tableColumns>"
            "</table>"
        ),
        "xl/printerSettings/printerSettings1.bin": MARK.encode("utf-16-le"),
        "xl/comments1.xml": f"<a><author>{WHO}</author></a>",
        "xl/drawings/vmlDrawing1.vml": f"<a>{MARK}</a>",
        "xl/drawings/drawing1.xml": picture_part,
        "xl/drawings/_rels/drawing1.xml.rels": relations(
            ("rImage", "image", f"../media/{MARK}.jpeg")
        ),
        f"xl/media/{MARK}.jpeg": jpeg(),
    }
    return package(parts)


ODF = "urn:oasis:names:tc:opendocument:xmlns"
ODT_SPACES = " ".join(
    [f'xmlns:{n}="{ODF}:{n}:1.0"' for n in ("office", "text", "style", "table", "meta")]
    + [f'xmlns:draw="{ODF}:drawing:1.0" xmlns:fo="{ODF}:xsl-fo-compatible:1.0"']
    + [f'xmlns:svg="{ODF}:svg-compatible:1.0" xmlns:script="{ODF}:script:1.0"']
    + ['xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"']
    + ['xmlns:officeooo="http://openoffice.org/2009/office"']
)
ODT_TYPE = "application/vnd.oasis.opendocument.text"


def odt(body: str = "", styles: str = "", **more: str) -> bytes:
    """An OpenDocument text with changes, comments, fields, names, links and machines' marks."""
    info = f"<dc:creator>{WHO}</dc:creator><dc:date>2031-02-03</dc:date>"
    content = (
        f'<office:document-content {ODT_SPACES} office:version="1.2"><office:scripts><script:x>{MARK}'
        f"</script:x></office:scripts><office:automatic-styles>"
        f'<style:style style:name="{MARK}" style:family="paragraph" style:display-name="{MARK}">'
        f'<style:text-properties fo:language="es" fo:country="HN" fo:font-weight="bold" '
        f'officeooo:rsid="{MARK}"/></style:style>{styles}</office:automatic-styles><office:body>'
        f"<office:text><office:forms/><text:tracked-changes><text:changed-region><text:deletion>"
        f"<office:change-info>{info}</office:change-info><text:p>{MARK}</text:p></text:deletion>"
        f'</text:changed-region></text:tracked-changes><text:p text:style-name="{MARK}">{SEEN} one'
        f'<office:annotation office:name="{MARK}">{info}<text:p>{MARK}</text:p></office:annotation>'
        f'{SEEN} two<text:bookmark text:name="{MARK}"/>{SEEN} three<text:a xlink:href='
        f'"https://{MARK}.example" office:title="{MARK}">{SEEN} link</text:a>{SEEN} four'
        f"<text:author-name>{SEEN} author</text:author-name> page <text:page-number>1"
        f'</text:page-number>{SEEN} five<text:variable-set text:name="{MARK}" text:display="none">'
        f"{MARK}</text:variable-set>{SEEN} six</text:p>"
        f'<text:p><draw:frame draw:name="{MARK}" svg:width="5cm" svg:height="3cm"><draw:image '
        f'xlink:href="Pictures/{MARK}.jpg"/><svg:title>{MARK}</svg:title><svg:desc>{MARK}</svg:desc>'
        f'</draw:frame></text:p><table:table table:name="{MARK}"><table:table-column/>'
        f"<table:table-row><table:table-cell><text:p>{SEEN} cell</text:p></table:table-cell>"
        f"</table:table-row></table:table>{body}</office:text></office:body></office:document-content>"
    )
    parts: dict[str, bytes | str] = {
        "mimetype": ODT_TYPE,
        "content.xml": content,
        "styles.xml": (
            f'<office:document-styles {ODT_SPACES} office:version="1.2"><office:styles><style:style '
            f'style:name="{MARK}2" style:family="paragraph" style:parent-style-name="{MARK}"/>'
            "</office:styles></office:document-styles>"
        ),
        "meta.xml": (
            f"<office:document-meta {ODT_SPACES}><office:meta><dc:creator>{WHO}</dc:creator>"
            f"<meta:user-defined>{MARK}</meta:user-defined></office:meta></office:document-meta>"
        ),
        "settings.xml": f"<office:document-settings {ODT_SPACES}>{MARK}</office:document-settings>",
        "Thumbnails/thumbnail.png": png(),
        "Configurations2/toolbar.xml": MARK,
        "manifest.rdf": MARK,
        f"Pictures/{MARK}.jpg": jpeg(),
        **{name.replace("__", "/"): text for name, text in more.items()},
        "META-INF/manifest.xml": (
            f'<manifest:manifest xmlns:manifest="{ODF}:manifest:1.0"><manifest:file-entry '
            f'manifest:full-path="/" manifest:media-type="{ODT_TYPE}"/></manifest:manifest>'
        ),
    }
    return package(parts, stored="mimetype")


# --- where to look ----------------------------------------------------------------------------------
def layers(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Everything that can be read out of a file: as it is, unzipped, unpacked, object by object."""
    yield "file", data
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            yield "comment", parts.comment
            for entry in parts.infolist():
                yield f"about {entry.filename}", entry.comment + entry.extra
                for name, layer in layers(parts.read(entry)):
                    yield f"{entry.filename} {name}", layer
    elif data.startswith(b"%PDF"):
        with pikepdf.open(io.BytesIO(data)) as document:
            yield "trailer", repr(document.trailer).encode()
            for place, entry in enumerate(document.objects):
                yield f"object {place}", repr(entry).encode()
                if isinstance(entry, Stream):
                    yield f"stream {place}", entry.read_raw_bytes()
                    pixels = ("DCTDecode", "JPXDecode", "CCITTFaxDecode", "JBIG2Decode")
                    if not any(coding in repr(entry.get("/Filter")) for coding in pixels):
                        yield f"unpacked {place}", entry.read_bytes()
    elif data.startswith(b"\x89PNG"):
        at = 8
        while at < len(data):
            size = int.from_bytes(data[at : at + 4], "big")
            yield str(data[at + 4 : at + 8]), data[at + 8 : at + 8 + size]
            at += 12 + size


def found(data: bytes, mark: str = MARK) -> list[str]:
    """The layers of a file in which the mark stands, in any usual writing."""
    writings = [mark.encode(code) for code in ("ascii", "utf-16-le", "utf-16-be")]
    writings += [mark.encode().hex().encode(), mark.encode().hex().upper().encode()]
    return [name for name, layer in layers(data) if any(writing in layer for writing in writings)]
