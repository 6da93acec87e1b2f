import XlingCore

/// Of whom a language descends.
public struct LanguageFamily: Sendable, Equatable, Codable {
  /// Glottolog 5.1: "stan1318".
  public var glottocode: String?
  /// Glottolog's top level: "Indo-European". No family of this size is assumed that Glottolog does not have
  /// (Altaic, Niger-Congo as a whole).
  public var name: String?
  /// WALS's genus: "Slavic".
  public var branch: String?

  public init(_ name: String? = nil, branch: String? = nil, glottocode: String? = nil) {
    self.name = name
    self.branch = branch
    self.glottocode = glottocode
  }

  init(_ keys: StrictKeys) throws {
    glottocode = try keys.value("glottocode")
    name = try keys.value("family")
    branch = try keys.value("branch")
    if let glottocode {
      let (letters, digits) = (glottocode.utf8.prefix(4), glottocode.utf8.dropFirst(4))
      guard letters.count == 4, digits.count == 4, digits.allSatisfy({ (0x30...0x39).contains($0) })
      else {
        throw keys.mistake(
          "glottocode", expected: "four letters and four digits", found: "\"\(glottocode)\"")
      }
    }
  }
}
