/// Which keys lie beside which: three rows of letters, each a little to the right of the one above.
struct KeyboardLayout {
  let name: String
  private let neighbours: [Unicode.Scalar: [Unicode.Scalar]]

  /// Where rows begin, in widths of a key (ISO 9995's stagger).
  private static let offsets = [0, 0.25, 0.75]
  /// Keys no farther apart than this, between their centres: up to six, as on a honeycomb.
  private static let reach = 1.26

  init(_ name: String, _ rows: [String]) {
    var places: [(letter: Unicode.Scalar, x: Double, y: Double)] = []
    for (row, letters) in rows.enumerated() {
      for (column, letter) in letters.unicodeScalars.enumerated() where letter != " " {
        places.append((letter, Double(column) + Self.offsets[row], Double(row)))
      }
    }
    var neighbours: [Unicode.Scalar: [Unicode.Scalar]] = [:]
    for (letter, x, y) in places {
      neighbours[letter] = places.filter { other in
        let (across, down) = (other.x - x, other.y - y)
        return other.letter != letter && across * across + down * down <= Self.reach * Self.reach
      }.map(\.letter)
    }
    self.name = name
    self.neighbours = neighbours
  }

  /// Small letters beside a small letter; empty for what has no key of its own here.
  func neighbours(of letter: Unicode.Scalar) -> [Unicode.Scalar] { neighbours[letter] ?? [] }

  /// The layout on which people of a language type the letter: of its script, and among Latin ones of the
  /// language. Nil for scripts without one here.
  static func of(_ letter: Unicode.Scalar, language: String?) -> KeyboardLayout? {
    switch letter.value {
    case 0x61...0x7A, 0xDF...0x24F:
      let subtag = language.map { $0.prefix { $0 != "-" && $0 != "_" }.lowercased() } ?? ""
      return latin[subtag] ?? qwerty
    case 0x400...0x4FF: return language?.hasPrefix("uk") == true ? ukrainian : russian
    case 0x370...0x3FF: return greek
    case 0x5D0...0x5EA: return hebrew
    case 0x621...0x64A: return arabic
    case 0xE00...0xE7F: return thai
    default: return nil
    }
  }

  static let qwerty = KeyboardLayout("QWERTY", ["qwertyuiop", "asdfghjkl", "zxcvbnm"])
  static let qwertz = KeyboardLayout("QWERTZ", ["qwertzuiopü", "asdfghjklöä", "yxcvbnm"])
  static let azerty = KeyboardLayout("AZERTY", ["azertyuiop", "qsdfghjklm", "wxcvbn"])
  static let turkish = KeyboardLayout("Turkish Q", ["qwertyuıopğü", "asdfghjklşi", "zxcvbnmöç"])
  static let russian = KeyboardLayout(
    "ЙЦУКЕН", ["йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"])
  static let ukrainian = KeyboardLayout(
    "Ukrainian", ["йцукенгшщзхї", "фівапролджє", "ячсмитьбю"])
  static let greek = KeyboardLayout("Greek", [" ςερτυθιοπ", "ασδφγηξκλ", "ζχψωβνμ"])
  static let hebrew = KeyboardLayout("SI-1452", ["  קראטוןםפ", "שדגכעיחלךף", "זסבהנמצתץ"])
  static let arabic = KeyboardLayout(
    "Arabic 101", ["ضصثقفغعهخحجد", "شسيبلاتنمكط", "ئءؤر ىةوزظ"])
  static let thai = KeyboardLayout(
    "Kedmanee", ["ๆไำพะัีรนยบล", "ฟหกดเ้่าสวง", "ผปแอิืทมใฝ"])

  private static let latin: [String: KeyboardLayout] = [
    "de": qwertz, "lb": qwertz, "gsw": qwertz, "hu": qwertz, "cs": qwertz, "sk": qwertz,
    "sl": qwertz, "hr": qwertz, "bs": qwertz, "sr": qwertz, "sq": qwertz, "hsb": qwertz,
    "dsb": qwertz, "fr": azerty, "wa": azerty, "br": azerty, "oc": azerty, "tr": turkish,
    "az": turkish,
  ]
}
