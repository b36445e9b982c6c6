using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using Azure;
using Azure.Identity;

namespace PipelineBackup.Sinks.AzureBlob;

/// <summary>What a failure of the store, the network or an identity means to a caller of the sink.</summary>
/// <remarks>
/// The library's own messages repeat headers and whole answers, signatures among them: of its failures only the status,
/// the code and the id of the request are told.
/// </remarks>
internal static class AzureBlobFailure
{
    /// <summary>Whether an exception comes from the store and so has an answer here.</summary>
    /// <param name="failure">The exception.</param>
    public static bool Is(Exception failure) =>
        failure is RequestFailedException or AuthenticationFailedException or OperationCanceledException or AggregateException
            or InvalidOperationException || IsNetwork(failure);

    /// <summary>Whether an exception comes from the network.</summary>
    /// <param name="failure">The exception.</param>
    public static bool IsNetwork(Exception failure) =>
        failure is IOException or HttpRequestException or SocketException or TimeoutException;

    /// <summary>The sink's failure for one of the store. Whether the caller gave up is asked before.</summary>
    /// <param name="failure">What was thrown.</param>
    /// <param name="what">What was being done, in lower case, for instance <c>cannot store 'a/b'</c>.</param>
    /// <param name="time">The clock that a date to come back is judged by.</param>
    public static SinkException Of(Exception failure, string what, TimeProvider time) => failure switch
    {
        SinkException told => new($"{what}: {told.Message}", told.InnerException)
        {
            Failure = told.Failure, Transient = told.Transient, Error = told.Error, Hint = told.Hint, ExitCode = told.ExitCode,
        },
        RequestFailedException { Status: > 0 } answered => OfAnswer(answered, what, time),
        RequestFailedException unanswered => OfNetwork(unanswered.InnerException ?? unanswered, what),
        AuthenticationFailedException => Denied(
            $"{what}: no identity was accepted or found",
            "sign in with 'az login', set AZURE_CLIENT_ID and its like, or give a connection string, SAS or account key by environment"),
        OperationCanceledException => new($"{what}: the store did not answer in time", failure)
        {
            Error = JetError.DiskIO, Transient = true,
        },
        AggregateException { InnerException: { } inner } => Of(inner, what, time),
        // The library sends no token without https.
        InvalidOperationException => Denied($"{what}: {FirstLine(failure)}", "use https, or an account key or SAS"),
        _ => OfNetwork(failure, what),
    };

    /// <summary>The sink's failure for one of the network: worth another attempt, except where the other side is not who it should be.</summary>
    /// <param name="failure">What was thrown.</param>
    /// <param name="what">What was being done.</param>
    public static SinkException OfNetwork(Exception failure, string what)
    {
        bool untrusted = Chain(failure).Any(one => one is AuthenticationException);
        bool unknown = Chain(failure).Any(one => one is SocketException { SocketErrorCode: SocketError.HostNotFound });
        return new($"{what}: {FirstLine(Chain(failure).Last())}", failure is RequestFailedException ? null : failure)
        {
            Error = JetError.DiskIO,
            Transient = !untrusted,
            Hint = untrusted ? "check the certificate of the endpoint or proxy"
                : unknown ? "check the name of the account and of the endpoint, and the network"
                : "check the network, the endpoint and the proxy",
        };
    }

    /// <summary>There is no such object, or its range lies beyond the end.</summary>
    /// <param name="message">What was asked for.</param>
    public static SinkException NotFound(string message) => new(message)
    {
        Failure = SinkFailure.NotFound, Error = JetError.FileNotFound, ExitCode = ExitCode.NotFound,
    };

    /// <summary>The name is taken.</summary>
    /// <param name="name">The name.</param>
    public static SinkException AlreadyExists(ObjectName name) =>
        new($"object '{name}' is there already") { Failure = SinkFailure.AlreadyExists };

    /// <summary>Whether the store refused to create a name because it is taken.</summary>
    /// <param name="failure">What the store answered a create-only write.</param>
    public static bool IsTaken(RequestFailedException failure) => (failure.Status, failure.ErrorCode) switch
    {
        // A SAS that may create but not write is told so with 403, and immutable storage has a code of its own.
        (409, "BlobAlreadyExists" or "BlobImmutableDueToPolicy") or (403, "UnauthorizedBlobOverwrite") => true,
        (412, "ConditionNotMet" or "TargetConditionNotMet" or "" or null) => true,
        _ => false,
    };

    private static SinkException OfAnswer(RequestFailedException failure, string what, TimeProvider time)
    {
        string id = failure.GetRawResponse()?.Headers.RequestId is { Length: > 0 } one ? $", request {one}" : "";
        string message = $"{what}: the store answered {failure.Status} {failure.ErrorCode}".TrimEnd() + id;
        return (failure.Status, failure.ErrorCode) switch
        {
            (404, "ContainerNotFound") => NotFound($"{what}: the container is not there{id}"),
            (404 or 416, _) => NotFound(message),
            (409, "ContainerBeingDeleted" or "ContainerBeingCreated" or "AccountBeingCreated") => Passing(message, failure, time),
            (409, "BlobArchived" or "BlobBeingRehydrated") => new(message)
            {
                Error = JetError.DiskIO, Hint = "rehydrate the blobs to an online tier first, which takes hours",
            },
            (409, "BlobImmutableDueToPolicy" or "SnapshotsPresent") or (412, "LeaseIdMissing") => Denied(
                message, "the object is locked by a retention policy, legal hold, lease or snapshot"),
            (400, "Md5Mismatch" or "Crc64Mismatch") => new(message)
            {
                Failure = SinkFailure.Corrupt, Error = JetError.DiskIO, Transient = true,
            },
            (409, "AccountQuotaExceeded" or "ContainerQuotaExceeded") or (507, _) => new(message)
            {
                Failure = SinkFailure.Full, Error = JetError.DiskFull, Hint = "raise the quota, or expire old backups",
            },
            (401 or 403 or 407, _) or (400, "InvalidAuthenticationInfo") or (409, "ContainerDisabled") => Denied(message,
                "check key, SAS (permissions racwdl, times, address ranges) or role (Storage Blob Data Contributor), "
                + "the firewall of the account, and this computer's clock"),
            (408 or 429 or 500 or 502 or 503 or 504, _) => Passing(message, failure, time),
            _ => new(message) { Error = JetError.DiskIO },
        };
    }

    private static SinkException Passing(string message, RequestFailedException failure, TimeProvider time) => new(message)
    {
        Error = JetError.DiskIO, Transient = true, RetryAfter = RetryAfter(failure, time),
    };

    private static SinkException Denied(string message, string hint) => new(message)
    {
        Failure = SinkFailure.AccessDenied, Error = JetError.AccessDenied, Hint = hint,
    };

    // Seconds or a date; the two of milliseconds are what Azure's own services send.
    private static TimeSpan? RetryAfter(RequestFailedException failure, TimeProvider time)
    {
        if (failure.GetRawResponse()?.Headers is not { } headers)
            return null;
        foreach (string name in (string[])["retry-after-ms", "x-ms-retry-after-ms"])
        {
            if (headers.TryGetValue(name, out string? value) && Seconds(value, 0.001) is { } pause)
                return pause;
        }

        if (!headers.TryGetValue("Retry-After", out string? text))
            return null;
        if (Seconds(text, 1) is { } seconds)
            return seconds;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date > time.GetUtcNow() ? date - time.GetUtcNow() : TimeSpan.Zero : null;
    }

    private static TimeSpan? Seconds(string? value, double unit) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? TimeSpan.FromSeconds(number * unit) : null;

    private static IEnumerable<Exception> Chain(Exception failure)
    {
        for (var one = failure; one is not null; one = one.InnerException)
            yield return one;
    }

    private static string FirstLine(Exception failure) => failure.Message.Split('\n')[0].Trim();
}
