/// Who calls AWS, or what speaks its language.
package struct AWSCredentials: Hashable, Sendable {
    package var accessKey: String
    package var secretKey: String
    /// Of temporary credentials.
    package var sessionToken: String?

    package init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }

    /// What the usual variables say, read at each call because temporary ones are replaced.
    /// - Returns: nil if `AWS_ACCESS_KEY_ID` or `AWS_SECRET_ACCESS_KEY` is missing or empty.
    package init?(environment: [String: String]) {
        guard let access = environment["AWS_ACCESS_KEY_ID"], !access.isEmpty,
            let secret = environment["AWS_SECRET_ACCESS_KEY"], !secret.isEmpty
        else { return nil }
        let token = environment["AWS_SESSION_TOKEN"] ?? ""
        self.init(accessKey: access, secretKey: secret, sessionToken: token.isEmpty ? nil : token)
    }
}

extension AWSCredentials: CustomStringConvertible, CustomReflectable {
    /// The secret is in no log and no crash report.
    package var description: String { "AWSCredentials(\(accessKey))" }
    package var customMirror: Mirror { Mirror(self, children: ["accessKey": accessKey]) }
}
