import Foundation
import XlingCore

/// Names of languages, territories, currencies, units and subdivisions in one language.
public struct DisplayNames: Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    case language, territory, currency, unit, subdivision
  }

  /// BCP 47.
  public let language: String
  /// Code ("tr", "TR", "TRY", "length-meter", "trdi" for the kinds in turn) -> name.
  public let names: [Kind: [String: String]]

  public func name(_ kind: Kind, _ code: String) -> String? { names[kind]?[code] }

  /// All `locales`, read in parallel, in their order. Throws ``DataFailure``.
  public static func load(_ locales: [String], from cldr: CLDR) throws -> [DisplayNames] {
    try concurrently(locales) { locale in try DisplayNames(locale, from: cldr) }
  }

  init(language: String, names: [Kind: [String: String]]) {
    self.language = language
    self.names = names
  }

  public init(_ locale: String, from cldr: CLDR) throws(DataFailure) {
    var layers: [Kind: [[String: String]]] = [:]
    for layer in cldr.chain(locale) {
      var file = DisplayNameFile()
      if let data = try cldr.data("main", layer) {
        try file.readMain(data, path: "\(cldr.folder)/main/\(layer).xml")
      }
      if let data = try cldr.data("subdivisions", layer) {
        try file.readSubdivisions(data, path: "\(cldr.folder)/subdivisions/\(layer).xml")
      }
      for kind in Kind.allCases { layers[kind, default: []].append(file.names[kind] ?? [:]) }
    }
    language = CLDR.languageCode(locale)
    names = layers.mapValues { CLDR.inherit($0) }
  }
}

/// The display names of one file, before inheritance.
private struct DisplayNameFile {
  var names: [DisplayNames.Kind: [String: String]] = [:]

  mutating func readMain(_ data: Data, path: String) throws(DataFailure) {
    var scanner = XMLScanner(data, path: path)
    while true {
      switch try scanner.next() {
      case .open("languages"): try list("language", until: "languages", .language, &scanner)
      case .open("territories"): try list("territory", until: "territories", .territory, &scanner)
      case .open("currencies"): try currencies(&scanner)
      case .open("unitLength"):
        if scanner.attribute("type") == "long" {
          try units(&scanner)
        } else {
          try scanner.skipElement("unitLength")
        }
      // Calendars are half of a file and hold no names we read.
      case .open("dates"): try scanner.skipElement("dates")
      case .end: return
      default: continue
      }
    }
  }

  mutating func readSubdivisions(_ data: Data, path: String) throws(DataFailure) {
    var scanner = XMLScanner(data, path: path)
    guard scanner.seek("<subdivisions>") else { return }
    _ = try scanner.next()
    try list("subdivision", until: "subdivisions", .subdivision, &scanner)
  }

  private mutating func list(
    _ element: String, until parent: String, _ kind: DisplayNames.Kind,
    _ scanner: inout XMLScanner
  ) throws(DataFailure) {
    while true {
      switch try scanner.next() {
      case .open(element):
        // Variants (alt="short") would give one code two names.
        guard let code = scanner.attribute("type"), scanner.attribute("alt") == nil else {
          continue
        }
        keep(try scanner.text(), kind, code)
      case .close(parent), .end: return
      default: continue
      }
    }
  }

  private mutating func currencies(_ scanner: inout XMLScanner) throws(DataFailure) {
    var code = ""
    while true {
      switch try scanner.next() {
      case .open("currency"): code = scanner.attribute("type") ?? ""
      case .open("displayName"):
        if scanner.attribute("count") == nil { keep(try scanner.text(), .currency, code) }
      case .close("currencies"), .end: return
      default: continue
      }
    }
  }

  private mutating func units(_ scanner: inout XMLScanner) throws(DataFailure) {
    var code = ""
    while true {
      switch try scanner.next() {
      case .open("unit"): code = scanner.attribute("type") ?? ""
      case .close("unit"): code = ""
      case .open("displayName"):
        if !code.isEmpty { keep(try scanner.text(), .unit, code) }
      case .close("unitLength"), .end: return
      default: continue
      }
    }
  }

  private mutating func keep(_ text: String, _ kind: DisplayNames.Kind, _ code: String) {
    let name = text.trimmingCharacters(in: .whitespacesAndNewlines)
    // A name that is its own code (TRY: "TRY") translates nothing.
    guard !name.isEmpty, name.utf8.elementsEqual(code.utf8) == false else { return }
    names[kind, default: [:]][code] = name
  }
}
