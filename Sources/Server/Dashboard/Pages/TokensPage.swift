import Core
import Wire

/// Who may come in.
struct TokensPage {
    let tokens: [TokenView]
    /// One that was made now: its secret is shown this once.
    var issued: IssuedTokenView?
    let viewer: Viewer

    var body: HTML {
        """
        <div class="title"><h1>Tokens</h1><span class="spacer"></span>\(form)</div>
        \(secret)
        <div class="scroll"><table><thead><tr><th>Token</th><th>Label</th><th>Role</th><th>Fabric</th><th>State</th><th>Made</th><th>By</th><th>Used</th><th></th></tr></thead>
        <tbody>\(tokens.html(row))</tbody></table></div>
        """
    }

    /// Stays as it is when the page is brought up to date, until somebody leaves it.
    private var secret: HTML {
        guard let issued else { return #"<section id="issued" hidden></section>"# }
        return """
            <section id="issued" class="card notice" data-keep aria-label="New token">
              <p>\(Controls.symbol(.green)) <strong>\(issued.token.label)</strong> may come in as \(issued.token.role.rawValue) with this. It is shown this once:</p>
              <p><input class="secret" readonly aria-label="Secret" value="\(issued.secret)"></p>
            </section>
            """
    }

    private var form: HTML {
        html(viewer.csrf) { csrf in
            """
            <details class="menu"><summary class="button primary">New token…</summary><div class="card">
              <form method="post" action="/tokens">\(Controls.csrf(csrf))
                <label for="label">Who or what it is for</label>
                <input id="label" name="label" required maxlength="60" autocomplete="off" spellcheck="false">
                <label for="role">Role</label>
                <select id="role" name="role">\(Role.allCases.html { #"<option value="\#($0.rawValue)">\#($0.rawValue)</option>"# })</select>
                <label for="days">Days until it ends (empty: never)</label>
                <input id="days" name="days" inputmode="numeric" pattern="[0-9]{1,4}" autocomplete="off">
                <div class="row"><button class="primary">Make</button></div>
              </form></div></details>
            """
        }
    }

    private func row(_ token: TokenView) -> HTML {
        let isOver = token.revokedAt != nil || token.expiresAt.map { $0 <= viewer.now } ?? false
        let revoke =
            isOver
            ? .empty
            : Controls.button(
                viewer, role: .admin, action: "/tokens/\(token.id)/revoke", text: "Revoke",
                confirm: "\(token.label) (\(token.role.rawValue)) comes in no more, at once.", style: "small danger")
        return """
            <tr data-row tabindex="-1"><td><code>\(token.id)</code></td><td><strong>\(token.label)</strong></td><td>\(token.role.rawValue)</td>
            <td>\(token.fabric?.text ?? "every")</td><td>\(state(token))</td><td>\(Controls.time(token.createdAt, viewer.now))</td>
            <td>\(token.createdBy)</td><td>\(token.lastUsedAt == nil ? "never" : Controls.time(token.lastUsedAt, viewer.now))</td><td>\(revoke)</td></tr>
            """
    }

    private func state(_ token: TokenView) -> HTML {
        if token.revokedAt != nil { return Controls.pill(.red, "revoked") }
        guard let end = token.expiresAt else { return Controls.pill(.green, "valid") }
        if end <= viewer.now { return Controls.pill(.red, "expired") }
        return "\(Controls.pill(.green, "valid")) <span class=\"muted\">ends \(Controls.time(end, viewer.now))</span>"
    }
}
