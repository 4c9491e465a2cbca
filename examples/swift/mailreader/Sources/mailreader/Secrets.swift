import Foundation

/// A secret from a file, the environment, or a person; never from the command line, which everybody on the machine can read.
func secret(_ what: String, file: URL?, variable: String) throws -> String {
    if let file {
        let text = try String(contentsOf: file, encoding: .utf8)
        return String(text.prefix { !$0.isNewline })
    }
    if let value = ProcessInfo.processInfo.environment[variable] {
        return value
    }
    return try prompt("\(what): ")
}

/// The terminal as it was, for the handler of a signal, which can be given nothing. Written before there is a handler.
nonisolated(unsafe) private var before = termios()

/// Asks on the terminal, without showing what is typed.
private func prompt(_ question: String) throws -> String {
    FileHandle.standardError.write(Data(question.utf8))
    let isTerminal = tcgetattr(STDIN_FILENO, &before) == 0
    if isTerminal {
        // Who gives up wants to see again what is typed.
        signal(SIGINT) { _ in
            tcsetattr(STDIN_FILENO, TCSANOW, &before)
            _exit(130)
        }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &silent)
    }
    defer {
        if isTerminal {
            tcsetattr(STDIN_FILENO, TCSANOW, &before)
            signal(SIGINT, SIG_DFL)
            FileHandle.standardError.write(Data("\n".utf8))
        }
    }
    guard let line = readLine() else { throw Arguments.Wrong(text: "nothing was typed") }
    return line
}
