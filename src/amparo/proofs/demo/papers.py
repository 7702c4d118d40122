"""The sample's words and files: invented, plainly so, and easy to find again if they leaked."""

import base64
import io
import zipfile
from dataclasses import dataclass

from PIL import Image, ImageDraw

from amparo.proofs.demo.browser import Upload

ORGANISATION = "Sample House (fictional)"
NIGHT = "Invented: I go to a town alone this week, and want somebody to look for me."
NIGHT_WORD = "seven yellow boats"
WORD = "seven green umbrellas"  # what Amina and the desk agreed for a lost code

# Amina does not exist; neither does the valley.
WHAT = (
    "This is an invented story. Two men in a grey car asked my neighbour when I come home. "
    "Yesterday the same car stood outside our office in Lindenmark all afternoon."
)
WHERE = "Near Lindenmark, in the north of the invented valley"
MORE = "They came back this morning and took photos of the door. I attach what I saw."
ANSWER = (
    "We have read what you sent, and somebody is with this case all day. Do not go home by the "
    "usual way tonight. Tell us here where you will sleep."
)
NARRATIVE = "First seen on Monday, a grey car, two men; asked for her by name at the neighbour's."
IDENTITY = "Amina Beispiel (fictional), translator, known to the circle of the lower valley."
PHONE = "A journalist who does not exist was called to the police of Lindenmark without a reason."
CAMERA = "Fictional Camera Works 3000"

MORNING = (
    ("en", "This is invented. My house key was copied; I found the door open twice this week."),
    ("es", "Es inventado. Me siguen desde la reunión del sindicato hasta mi casa."),
    ("ar", "هذه قصة مختلقة. وصلتني رسالة تهديد على باب المكتب."),
    ("fr", "C’est inventé. Notre local a été fouillé dimanche, rien n’a été volé."),
    ("en", "This is invented. Somebody writes to my sister under my name."),
)


def photo() -> Upload:
    """A picture with a place, an owner and a camera in its hidden details."""
    picture = Image.new("RGB", (640, 420), "#8fa7b3")
    drawn = ImageDraw.Draw(picture)
    drawn.rectangle((0, 260, 640, 420), fill="#5b6b5a")
    drawn.rectangle((210, 150, 470, 300), fill="#3b3f46")
    drawn.ellipse((240, 270, 300, 330), fill="#101418")
    drawn.ellipse((390, 270, 450, 330), fill="#101418")
    drawn.text((230, 120), "an invented car", fill="#101418")
    hidden = Image.Exif()
    hidden[0x010F] = CAMERA
    hidden[0x013B] = IDENTITY
    hidden.get_ifd(0x8825).update({1: "N", 2: (12.0, 34.0, 56.0), 3: "E", 4: (65.0, 43.0, 21.0)})
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88, exif=hidden)
    return Upload("grey-car-at-the-office.jpg", "image/jpeg", file.getvalue())


def paper() -> Upload:
    """A letter that names its author in its properties."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as letter:
        letter.writestr("[Content_Types].xml", CONTENT_TYPES)
        letter.writestr("_rels/.rels", RELATIONS)
        letter.writestr("word/document.xml", DOCUMENT.replace("TEXT", NARRATIVE))
        letter.writestr("docProps/core.xml", PROPERTIES.replace("AUTHOR", IDENTITY))
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return Upload("what-i-saw.docx", kind, file.getvalue())


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
CONTENT_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_WORD}"/>'
    '<Override PartName="/docProps/core.xml" '
    'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
)
RELATIONS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
    f'<Relationship Id="r2" Type="{_PACKAGE}/relationships/metadata/core-properties" '
    'Target="docProps/core.xml"/></Relationships>'
)
DOCUMENT = (
    f"{_XML}<w:document "
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
    "<w:t>TEXT</w:t></w:r></w:p></w:body></w:document>"
)
PROPERTIES = (
    f'{_XML}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>AUTHOR</dc:creator>'
    "</cp:coreProperties>"
)


@dataclass(frozen=True)
class Sought:
    """Words that were typed or sent, and every shape in which they could lie about."""

    name: str
    text: str

    def shapes(self) -> list[bytes]:
        """As UTF-8, UTF-16, hexadecimal, and base64 at each of three offsets."""
        plain = self.text.encode()
        shapes = [plain, self.text.encode("utf-16-le"), plain.hex().encode()]
        for offset in range(3):
            # The first and last letters hang on what stands beside; the middle does not.
            shapes.append(base64.b64encode(b"x" * offset + plain)[4:-4])
        return shapes


def sought(code: str) -> list[Sought]:
    """One recognisable piece of everything that a person typed or sent in this story."""
    return [
        Sought("what happened", "asked my neighbour when I come home"),
        Sought("where", "Near Lindenmark, in the north"),
        Sought("a further message", "took photos of the door"),
        Sought("an answer", "somebody is with this case all day"),
        Sought("a compartment", "asked for her by name at the neighbour"),
        Sought("an identity", "Amina Beispiel"),
        Sought("a file's name", "grey-car-at-the-office"),
        Sought("a file's hidden details", CAMERA),
        Sought("a call", "A journalist who does not exist"),
        Sought("an agreed word", WORD),
        Sought("a contact's number", "+12025550101"),
        Sought("a word that ends an alarm", NIGHT_WORD),
        Sought("a return code", code),
        Sought("a passphrase", "river candle planet orbit window"),
    ]
