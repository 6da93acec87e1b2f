import ArgumentParser
import XlingCore
import XlingTokenizers

extension SentencePieceScheme: ExpressibleByArgument {}
extension UnicodeData: ExpressibleByArgument {}
extension OffsetUnit: ExpressibleByArgument {}

/// What a tokenizer's path cannot tell, as options of a command.
struct TokenizerArguments: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help: "WordPiece: lower-case the text (default: as tokenizer_config.json says).")
  var lowercase: Bool?

  @Option(help: "SentencePiece: whose ids (default: as tokenizer_config.json says, else its own).")
  var scheme: SentencePieceScheme?

  @Option(
    help: "WordPiece: Unicode data as Hugging Face's tokenizers have it, or the installed ICU's.")
  var unicode = UnicodeData.reference

  func load(_ path: String) throws -> any Tokenizer {
    var options = TokenizerOptions()
    options.lowercase = lowercase
    options.scheme = scheme
    options.unicode = unicode
    let tokenizer = try TokenizerSource.load(path, options: options)
    for declaration in tokenizer.contradictions {
      let line = "\(declaration.file): \(declaration.key) \(declaration.value) \(declaration.use)"
      ProgressBar.toStandardError("xling: warning: \(TerminalText.visible(line))\n")
    }
    return tokenizer
  }
}
