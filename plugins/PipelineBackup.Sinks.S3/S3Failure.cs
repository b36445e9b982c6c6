using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Xml;
using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace PipelineBackup.Sinks.S3;

/// <summary>What a failure of the store, or of the way to it, means to a caller of the sink.</summary>
/// <remarks>
/// A store's answer is judged by its code first and by its status second: stores agree on codes where they differ in
/// statuses, and a proxy on the way has only statuses.
/// </remarks>
internal static class S3Failure
{
    private const int LongestMessage = 300;

    // What the same request may not meet a moment later, whatever status comes with it.
    private static readonly HashSet<string> s_passing = new(StringComparer.Ordinal)
    {
        "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests", "RequestTimeout",
        "InternalError", "ServiceUnavailable", "Busy", "IncompleteBody", "ConditionalRequestConflict",
        "OperationAborted", "NoSuchUpload",
    };

    private static readonly HashSet<string> s_altered = new(StringComparer.Ordinal)
    {
        "BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest", "XAmzContentChecksumMismatch",
    };

    private static readonly HashSet<string> s_full = new(StringComparer.Ordinal)
    {
        "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientCapacity",
    };

    private static readonly HashSet<string> s_denied = new(StringComparer.Ordinal)
    {
        "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
        "TokenRefreshRequired", "AccountProblem", "AllAccessDisabled", "RequestTimeTooSkewed", "InvalidClientTokenId",
    };

    private static readonly HashSet<string> s_elsewhere = new(StringComparer.Ordinal)
    {
        "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException",
    };

    /// <summary>Whether an exception comes from the store or the way to it, and so has an answer here.</summary>
    /// <param name="failure">The exception; a cancellation only where the caller did not ask for it.</param>
    public static bool Is(Exception failure) => failure is AmazonServiceException
        or AmazonClientException or XmlException or IOException or HttpRequestException
        or SocketException or TimeoutException or OperationCanceledException or WebException;

    /// <summary>The sink's failure for one of the store.</summary>
    /// <param name="failure">What was met.</param>
    /// <param name="what">What was being done, in lower case, for instance <c>cannot store 'a/b'</c>.</param>
    public static SinkException Of(Exception failure, string what) => failure switch
    {
        AmazonUnmarshallingException half when BrokeOff(half) => Unreadable(failure, what),
        XmlException => Unreadable(failure, what),
        AmazonServiceException { StatusCode: not 0 } answer => OfAnswer(answer, what),
        _ => OfTransport(failure, what),
    };

    /// <summary>There is no such object or bucket, or its range lies beyond the end.</summary>
    /// <param name="message">What was asked for.</param>
    /// <param name="failure">What the store said, where it did.</param>
    public static SinkException NotFound(string message, Exception? failure = null) => new(message, failure)
    {
        Failure = SinkFailure.NotFound,
        Error = JetError.FileNotFound,
        ExitCode = ExitCode.NotFound,
    };

    /// <summary>A profile is there, and gives no credentials without a person.</summary>
    /// <param name="failure">What the provider says of it.</param>
    /// <param name="profile">Its name; null for that of the environment.</param>
    public static SinkException Unusable(InvalidOperationException failure, string? profile) =>
        new($"cannot reach S3: {Cut(failure.Message.Split(".  ")[0])}", failure)
        {
            Failure = SinkFailure.AccessDenied,
            Error = JetError.AccessDenied,
            Hint = failure.Message.Contains("SSO", StringComparison.Ordinal)
                ? $"sign in first: aws sso login{(profile is null ? "" : $" --profile {profile}")}"
                : "take a profile that asks nobody: without MFA and without a user's identity",
        };

    /// <summary>The code of a store's answer; empty where it gave none.</summary>
    /// <param name="failure">The answer.</param>
    public static string CodeOf(Exception failure) => (failure as AmazonServiceException)?.ErrorCode ?? "";

    // The store's own document without its end, whatever the status says: half of "no such key" may be half of "no such
    // bucket". A page of something in between is no such document, and is judged by its status.
    private static bool BrokeOff(AmazonUnmarshallingException broken) =>
        Beneath<XmlException>(broken) is not null && (int)broken.StatusCode is not (401 or 403)
        && broken.ResponseBody is null or "" or ['<', '?', 'x', 'm', 'l', ..];

    private static SinkException Unreadable(Exception failure, string what) => new($"{what}: the answer broke off", failure)
    {
        Error = JetError.DiskIO,
        Transient = true,
        Hint = "check the endpoint, the network and the proxy",
    };

    private static SinkException OfAnswer(AmazonServiceException answer, string what)
    {
        int status = (int)answer.StatusCode;
        string code = answer.ErrorCode ?? "";
        string message = $"{what}: {Said(answer)}";
        if (code == "PreconditionFailed" || status == 412)
            return new(message, answer) { Failure = SinkFailure.AlreadyExists };
        if (s_altered.Contains(code))
        {
            return new(message, answer)
            {
                Failure = SinkFailure.Corrupt,
                Error = JetError.DiskIO,
                Transient = true,
                Hint = "the content was altered on its way to the store; where that lasts, look at proxies and memory",
            };
        }

        if (s_full.Contains(code) || status == 507)
        {
            return new(message, answer)
            {
                Failure = SinkFailure.Full,
                Error = JetError.DiskFull,
                Hint = "raise the quota of the bucket or account, or expire old backups",
            };
        }

        if (s_passing.Contains(code) || status is 408 or 425 or 429 or 500 or 502 or 503 or 504)
        {
            return new(message, answer)
            {
                Error = JetError.DiskIO,
                Transient = true,
                RetryAfter = PauseOf(answer),
            };
        }

        if (s_elsewhere.Contains(code) || status is 301 or 302 or 307 or 308)
        {
            return new(message, answer)
            {
                Hint = "the bucket lies in another region, or the endpoint is not its own: "
                    + "name them with region= and endpoint=",
            };
        }

        if (code == "InvalidObjectState")
        {
            return new(message, answer)
            {
                Hint = "the object lies in an archive class; have the store bring it back, then try again",
            };
        }

        if (s_denied.Contains(code) || status is 401 or 403 or 407)
            return Denied(answer, message, code);
        return status == 404 ? NotFound(message, answer) : new(message, answer) { Error = JetError.DiskIO };
    }

    private static SinkException Denied(Exception failure, string message, string code) => new(message, failure)
    {
        Failure = SinkFailure.AccessDenied,
        Error = JetError.AccessDenied,
        Hint = code switch
        {
            "RequestTimeTooSkewed" => "set the clock of this machine; the store refuses requests that are minutes off",
            "ExpiredToken" or "TokenRefreshRequired" => "sign in again: the credentials are no longer valid",
            _ => "check the credentials of the environment or profile, and that they may do this here",
        },
    };

    private static SinkException OfTransport(Exception failure, string what)
    {
        if (Beneath<AuthenticationException>(failure) is { } untrusted)
        {
            return new($"{what}: the connection is not to be trusted: {untrusted.Message}", failure)
            {
                Error = JetError.DiskIO,
                Hint = "check the endpoint, and that this machine trusts who signed the store's certificate",
            };
        }

        // The cause nearest to the network says most: "connection refused", "name or service not known".
        var cause = Beneath<SocketException>(failure) ?? Beneath<IOException>(failure)
            ?? Beneath<HttpRequestException>(failure) ?? Beneath<OperationCanceledException>(failure)
            ?? Beneath<TimeoutException>(failure) ?? (Exception?)Beneath<WebException>(failure);
        if (cause is not null)
        {
            return new($"{what}: {Cut(cause.Message)}", failure)
            {
                Error = JetError.DiskIO,
                Transient = true,
                Hint = "check the endpoint, the network and the proxy",
            };
        }

        return failure.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase)
            || failure.Message.Contains("profile", StringComparison.OrdinalIgnoreCase)
            // Behind the first sentence comes what each place that was looked at said.
            ? Denied(failure, $"{what}: {Cut(failure.Message.Split(". ")[0])}", "")
            : failure.InnerException is FormatException or OverflowException or ArgumentException
                ? new($"{what}: the answer makes no sense: {Cut(failure.Message)}", failure)
                {
                    Error = JetError.DiskIO,
                    Hint = "check the endpoint and the proxy: what answers there speaks another S3 than Amazon's",
                }
                : new($"{what}: {Cut(failure.Message)}", failure) { Error = JetError.DiskIO };
    }

    private static string Said(AmazonServiceException answer)
    {
        string code = string.IsNullOrEmpty(answer.ErrorCode) ? answer.StatusCode.ToString() : answer.ErrorCode;
        string told = string.Create(CultureInfo.InvariantCulture, $"{code} ({(int)answer.StatusCode})");
        // Some stores give a code and no words.
        return string.IsNullOrWhiteSpace(answer.Message) ? told : $"{told}: {Cut(answer.Message)}";
    }

    // A proxy's answer may be a page.
    private static string Cut(string message)
    {
        string line = message.ReplaceLineEndings(" ").Trim();
        return line.Length <= LongestMessage ? line : line[..LongestMessage] + "…";
    }

    // Seconds or a date, in a header that only the answer beneath still has.
    private static TimeSpan? PauseOf(AmazonServiceException answer)
    {
        string? text = Beneath<HttpErrorResponseException>(answer)?.Response?.GetHeaderValue("Retry-After");
        if (string.IsNullOrEmpty(text))
            return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds))
            return TimeSpan.FromSeconds(seconds);
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var until))
            return null;
        var pause = until - TimeProvider.System.GetUtcNow();
        return pause > TimeSpan.Zero ? pause : TimeSpan.Zero;
    }

    private static T? Beneath<T>(Exception failure) where T : Exception
    {
        for (Exception? at = failure; at is not null; at = at.InnerException)
        {
            if (at is T found)
                return found;
        }

        return null;
    }
}
