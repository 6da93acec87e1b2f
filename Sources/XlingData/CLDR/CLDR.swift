import Foundation
import XlingCore

/// Unicode's Common Locale Data Repository as Debian installs it (`unicode-cldr-core`).
///
/// A locale is a list of layers, its own file first, then its parents' (UTS #35, "Inheritance"):
/// the last subtag is cut off, except where supplementalData.xml names another parent.
public struct CLDR: Sendable {
  public let folder: String
  /// The package's version as its files tell it, or "unknown".
  public let version: String
  private let parents: [String: String]

  public static let debianFolder = "/usr/share/unicode/cldr/common"

  /// Throws ``DataFailure/missingCLDR(path:)`` naming the package.
  public init(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(DataFailure) {
    try self.init(folder: environment["XLING_CLDR"] ?? Self.debianFolder)
  }

  public init(folder: String) throws(DataFailure) {
    for part in ["annotations", "annotationsDerived", "main"] {
      let path = folder + "/" + part
      guard FileManager.default.fileExists(atPath: path) else { throw .missingCLDR(path: path) }
    }
    self.folder = folder
    parents = try Self.readParents(folder)
    version = try Self.readVersion(folder)
  }

  /// The locales that have a file of annotations, sorted, without root; "zh_Hant", say.
  public func annotatedLocales() -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/annotations"))
    return (names ?? []).filter { $0.hasSuffix(".xml") }.map { String($0.dropLast(4)) }
      .filter { $0 != "root" }.sorted()
  }

  /// Base languages and the scripts that are languages of their own in every list of captions;
  /// regional variants (en_AU, sr_Latn_BA) repeat them almost word for word.
  public func baseLocales() -> [String] {
    annotatedLocales().filter { !$0.contains("_") || Self.keptScripts.contains($0) }
  }

  static let keptScripts: Set<String> = ["zh_Hant", "sr_Latn"]

  /// The locale and what it inherits from, nearest first, without root.
  public func chain(_ locale: String) -> [String] {
    var chain: [String] = []
    var current = locale
    while current != "root", !current.isEmpty {
      chain.append(current)
      current = parent(current)
    }
    return chain
  }

  func parent(_ locale: String) -> String {
    if let stated = parents[locale] { return stated }
    guard let cut = locale.lastIndex(of: "_") else { return "root" }
    return String(locale[..<cut])
  }

  /// BCP 47: "zh_Hant" -> "zh-Hant".
  public static func languageCode(_ locale: String) -> String {
    String(locale.map { $0 == "_" ? "-" : $0 })
  }

  /// Layers merged, the nearest winning; the value "↑↑↑" says: what the parent says.
  static func inherit(_ layers: [[String: String]]) -> [String: String] {
    var merged: [String: String] = [:]
    for layer in layers.reversed() {
      for (key, value) in layer where value != "↑↑↑" { merged[key] = value }
    }
    return merged
  }

  func data(_ part: String, _ locale: String) throws(DataFailure) -> Data? {
    let path = "\(folder)/\(part)/\(locale).xml"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .brokenXML(path: path, offset: 0, reason: "cannot be read")
    }
    return data
  }

  private static func readParents(_ folder: String) throws(DataFailure) -> [String: String] {
    let path = folder + "/supplemental/supplementalData.xml"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .missingCLDR(path: path)
    }
    var scanner = XMLScanner(data, path: path)
    var parents: [String: String] = [:]
    guard scanner.seek("<parentLocales>") else { return parents }
    while true {
      switch try scanner.next() {
      case .open("parentLocale"):
        guard let parent = scanner.attribute("parent"), let locales = scanner.attribute("locales")
        else { continue }
        for locale in locales.split(separator: " ") { parents[String(locale)] = parent }
      case .close("parentLocales"), .end: return parents
      default: continue
      }
    }
  }

  /// The DTD states the release: `cldrVersion CDATA #FIXED "41"`.
  private static func readVersion(_ folder: String) throws(DataFailure) -> String {
    guard let data = FileManager.default.contents(atPath: folder + "/dtd/ldml.dtd") else {
      return "unknown"
    }
    let text = String(decoding: data, as: UTF8.self)
    guard let mark = text.range(of: "cldrVersion CDATA #FIXED \""),
      let end = text[mark.upperBound...].firstIndex(of: "\"")
    else { return "unknown" }
    return String(text[mark.upperBound..<end])
  }
}
