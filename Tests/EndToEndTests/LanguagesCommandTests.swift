import Foundation
import Testing

@Suite("xling languages")
struct LanguagesCommandTests {
  @Test func filtersCombineInJSON() throws {
    let result = try XlingBinary.run(
      ["languages", "--family", "Turkic", "--script", "cyrl", "--in", "xlm-r", "--json"])
    #expect(result.status == 0 && result.stderr.isEmpty)
    let found = try Parsed.object(result.stdout)
    #expect(found["schema"] as? String == "xling.languages/1")
    let codes = (found["languages"] as? [[String: Any]])?.compactMap { $0["code"] as? String }
    #expect(codes == ["kk", "ky"])
  }

  @Test func aFilterThatMatchesNothingSaysWhatExists() throws {
    let result = try XlingBinary.run(["languages", "--in", "xlm-rr"])
    #expect(result.status == 64 && result.stdout.isEmpty)
    #expect(result.stderr.contains("Did you mean xlm-r?") && result.stderr.contains("marvl"))
  }

  @Test(arguments: ["zh", "zho_Hans", "zh_CN", "Chinese", "中文"])
  func oneLanguageByAnySpelling(given: String) throws {
    let result = try XlingBinary.run(["languages", "show", given, "--json"])
    let found = try Parsed.object(result.stdout)
    #expect(found["schema"] as? String == "xling.language/1" && found["code"] as? String == "zh")
    #expect((found["spellings"] as? [String])?.contains("zho_Hans") == true)
  }
}
