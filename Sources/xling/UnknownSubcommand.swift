import ArgumentParser
import XlingCore

/// A word where a subcommand belongs that is none. ArgumentParser calls it an unexpected argument
/// and suggests nothing.
enum UnknownSubcommand: Failure, Equatable {
  case unknown(word: String, parent: String, known: [String])

  var exitStatus: ExitStatus { .usage }

  var description: String {
    switch self {
    case .unknown(let word, let parent, let known):
      guard !known.isEmpty else {
        return "'\(parent)' has no subcommands, found '\(word)'. See '\(parent) --help'."
      }
      let list = known.joined(separator: ", ")
      let meant = Spelling.nearest(to: word, among: known)
      let suggestion = meant.map { "Did you mean '\(parent) \($0)'? " } ?? ""
      return "'\(parent)' has no subcommand '\(word)'. \(suggestion)It has: \(list). "
        + "See '\(parent) --help'."
    }
  }

  /// Follows the leading words of `arguments` down the tree of commands. Throws
  /// ``unknown(word:parent:known:)`` for the first that leads nowhere.
  static func check(_ arguments: [String], of root: any ParsableCommand.Type) throws {
    var command = root
    var path = root._commandName
    let asksHelp = arguments.first == "help"
    for word in arguments.dropFirst(asksHelp ? 1 : 0) {
      let children = command.configuration.subcommands
      // After `help` every word names a command; elsewhere those of a leaf are its arguments.
      let takesArguments = command != root && children.isEmpty && !asksHelp
      if takesArguments || command.configuration.defaultSubcommand != nil { return }
      if word.hasPrefix("-") || (command == root && word == "help") { return }
      guard let child = children.first(where: { names(of: $0).contains(word) }) else {
        let known = children.map { $0._commandName } + (command == root ? ["help"] : [])
        throw unknown(word: word, parent: path, known: known)
      }
      command = child
      path += " " + child._commandName
    }
  }

  private static func names(of command: any ParsableCommand.Type) -> [String] {
    [command._commandName] + command.configuration.aliases
  }
}
