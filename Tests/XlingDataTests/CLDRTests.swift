import Foundation
import Testing
import XlingCore

@testable import XlingData

/// A small CLDR in a temporary folder.
final class CLDRFixture {
  let folder = NSTemporaryDirectory() + "xling-cldr-\(UUID().uuidString)"

  init() throws {
    for part in ["annotations", "annotationsDerived", "main", "supplemental", "subdivisions"] {
      try AtomicFile.createFolder(folder + "/" + part)
    }
    try AtomicFile.write(
      """
      <?xml version="1.0"?><supplementalData><parentLocales>
      <parentLocale parent="root" locales="sr_Latn zh_Hant"/>
      </parentLocales></supplementalData>
      """, to: folder + "/supplemental/supplementalData.xml")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func annotate(_ locale: String, _ lines: String, part: String = "annotations") throws {
    try AtomicFile.write(
      "<ldml><!-- <annotation cp=\"x\">no</annotation> --><annotations>\(lines)</annotations></ldml>",
      to: "\(folder)/\(part)/\(locale).xml")
  }

  func cldr() throws -> CLDR { try CLDR(folder: folder) }
}

@Suite struct CLDRTests {
  @Test func inheritanceByTruncationAndArrows() throws {
    let fixture = try CLDRFixture()
    try fixture.annotate(
      "zh_Hant",
      """
      <annotation cp="🚲">單車 | 腳踏車</annotation><annotation cp="🚲" type="tts">腳踏車</annotation>
      <annotation cp="🐈" type="tts">貓</annotation>
      """)
    try fixture.annotate("zh", "<annotation cp=\"🍕\" type=\"tts\">披萨</annotation>")
    try fixture.annotate(
      "zh_Hant_HK",
      "<annotation cp=\"🚲\" type=\"tts\">↑↑↑</annotation><annotation cp=\"🐈\" type=\"tts\">貓貓"
        + "</annotation>")
    let cldr = try fixture.cldr()
    #expect(cldr.chain("zh_Hant_HK") == ["zh_Hant_HK", "zh_Hant"])
    let annotations = try Annotations("zh_Hant_HK", from: cldr)
    #expect(annotations.language == "zh-Hant-HK")
    #expect(annotations.name("1f6b2") == "腳踏車")
    #expect(annotations.keywords("1f6b2") == ["單車", "腳踏車"])
    #expect(annotations.name("1f408") == "貓貓")
    // zh_Hant's parent is root, not zh.
    #expect(annotations.name("1f355") == nil)
    #expect(cldr.baseLocales() == ["zh", "zh_Hant"])
  }

  @Test func namesAreCleanedAndTonesLeftOut() throws {
    let fixture = try CLDRFixture()
    try fixture.annotate(
      "en",
      """
      <annotation cp="☠️">bone | bone | &amp; &#x41;</annotation>
      <annotation cp="☠️" type="tts"> skull &lt;3 </annotation>
      <annotation cp="👋🏽" type="tts">waving hand: medium</annotation>
      <annotation cp="🐈" type="tts">E10–836</annotation>
      <annotation cp="🍕" type="tts">\u{202B}pizza</annotation>
      """)
    try fixture.annotate(
      "en", "<annotation cp=\"👩‍🚀\" type=\"tts\">woman astronaut</annotation>",
      part: "annotationsDerived")
    let annotations = try Annotations("en", from: fixture.cldr())
    #expect(annotations.name("2620") == "skull <3")
    #expect(annotations.keywords("2620") == ["bone", "& A"])
    #expect(annotations.toned == ["👋🏽"])
    #expect(annotations.name("1f44b") == nil)
    #expect(annotations.name("1f408") == nil)
    #expect(annotations.name("1f355").map { Array($0.utf8) } == Array("pizza".utf8))
    #expect(annotations.name("1f469-200d-1f680") == "woman astronaut")
  }

  @Test func displayNames() throws {
    let fixture = try CLDRFixture()
    try AtomicFile.write(
      """
      <ldml><localeDisplayNames><languages><language type="ru">Rusça</language></languages>
      <territories><territory type="BA" alt="short">Bosna</territory>
      <territory type="BA">Bosna-Hersek</territory></territories></localeDisplayNames>
      <dates><displayName>yıl</displayName></dates><numbers><currencies><currency type="TRY">
      <displayName>Türk Lirası</displayName><displayName count="one">Türk lirası</displayName>
      </currency><currency type="XAF"><displayName>XAF</displayName></currency></currencies></numbers>
      <units><unitLength type="long"><unit type="length-meter"><displayName>metre</displayName>
      </unit></unitLength><unitLength type="short"><unit type="length-meter">
      <displayName>m</displayName></unit></unitLength></units></ldml>
      """, to: fixture.folder + "/main/tr.xml")
    let names = try DisplayNames("tr", from: fixture.cldr())
    #expect(names.name(.language, "ru") == "Rusça")
    #expect(names.name(.territory, "BA") == "Bosna-Hersek")
    #expect(names.name(.currency, "TRY") == "Türk Lirası")
    #expect(names.name(.currency, "XAF") == nil)
    #expect(names.name(.unit, "length-meter") == "metre")
  }

  @Test func missingPackageIsNamed() {
    do {
      _ = try CLDR(folder: "/nowhere")
      Issue.record("read CLDR from nowhere")
    } catch {
      #expect(error.description.contains("unicode-cldr-core"))
      #expect(error.exitStatus == .missingInput)
    }
  }

  @Test func brokenFilesTellWhere() throws {
    let fixture = try CLDRFixture()
    let path = fixture.folder + "/annotations/tr.xml"
    for text in [
      "<ldml><annotation cp=\"a", "<ldml><annotation cp=\"a\">x", "<ldml><a b=\"&no;\"/>",
    ] {
      try AtomicFile.write(text, to: path)
      do {
        _ = try Annotations("tr", from: fixture.cldr())
        Issue.record("accepted \(text)")
      } catch let error as DataFailure {
        guard case .brokenXML(path, _, _) = error else {
          Issue.record("\(error)")
          continue
        }
      }
    }
  }
}
