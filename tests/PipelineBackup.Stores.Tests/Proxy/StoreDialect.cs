using System.Text;

namespace PipelineBackup.Stores.Tests.Proxy;

/// <summary>What requests and refusals of one kind of store look like.</summary>
internal sealed class StoreDialect
{
    private readonly Func<string, string, string, RequestKind> _kind;
    private readonly string _throttled;
    private readonly string _denied;

    private StoreDialect(Func<string, string, string, RequestKind> kind, string throttled, string denied) =>
        (_kind, _throttled, _denied) = (kind, throttled, denied);

    /// <summary>S3, the bucket in the path.</summary>
    public static StoreDialect S3 { get; } = new(KindOfS3,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");

    /// <summary>Azure Blob Storage.</summary>
    public static StoreDialect Azure { get; } = new(KindOfAzure,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>",
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>AuthorizationFailure</Code><Message>Not authorized.</Message></Error>");

    /// <summary>What a request asks.</summary>
    public RequestKind KindOf(string method, string target)
    {
        int mark = target.IndexOf('?', StringComparison.Ordinal);
        return _kind(method, mark < 0 ? target : target[..mark], mark < 0 ? "" : "&" + target[(mark + 1)..]);
    }

    /// <summary>An answer that asks to come again in a second, in the store's words.</summary>
    /// <param name="status">503 or 429.</param>
    public byte[] Throttled(int status) => Answer(status, "Retry-After: 1\r\nContent-Type: application/xml\r\nx-ms-error-code: ServerBusy\r\n", _throttled);

    /// <summary>An answer that forbids.</summary>
    public byte[] Denied => Answer(403, "Content-Type: application/xml\r\n", _denied);

    /// <summary>An answer of something between client and store that knows no store.</summary>
    /// <param name="status">500 or 503.</param>
    public static byte[] Failed(int status) => Answer(status, "Content-Type: text/html\r\n", "<html><body>no upstream</body></html>");

    private static byte[] Answer(int status, string fields, string body) => Encoding.ASCII.GetBytes(
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"HTTP/1.1 {status} Injected\r\n{fields}Content-Length: {body.Length}\r\n\r\n{body}"));

    private static RequestKind KindOfS3(string method, string path, string query)
    {
        bool isObject = path.Trim('/').Contains('/', StringComparison.Ordinal);
        return (method, isObject) switch
        {
            ("PUT", true) => query.Contains("&partNumber=", StringComparison.Ordinal) ? RequestKind.Part : RequestKind.Put,
            ("POST", true) => query.Contains("&uploadId=", StringComparison.Ordinal) ? RequestKind.Complete : RequestKind.Begin,
            ("DELETE", true) => query.Contains("&uploadId=", StringComparison.Ordinal) ? RequestKind.Abort : RequestKind.Delete,
            ("GET", true) => RequestKind.Get,
            ("HEAD", true) => RequestKind.Head,
            ("GET", false) when query.Contains("&list-type=", StringComparison.Ordinal) && !query.Contains("&max-keys=1", StringComparison.Ordinal) =>
                RequestKind.List,
            _ => RequestKind.Survey,
        };
    }

    // The account stands first in the path of a server that is no Azure.
    private static RequestKind KindOfAzure(string method, string path, string query)
    {
        bool isBlob = path.Trim('/').Split('/').Length > 2 && !query.Contains("&restype=", StringComparison.Ordinal);
        return (method, isBlob) switch
        {
            ("PUT", true) when query.Contains("&comp=blocklist", StringComparison.Ordinal) => RequestKind.Complete,
            ("PUT", true) when query.Contains("&comp=block", StringComparison.Ordinal) => RequestKind.Part,
            ("PUT", true) => RequestKind.Put,
            ("DELETE", true) => RequestKind.Delete,
            ("GET", true) => RequestKind.Get,
            ("HEAD", true) => RequestKind.Head,
            ("GET", false) when query.Contains("&comp=list", StringComparison.Ordinal) => RequestKind.List,
            _ => RequestKind.Survey,
        };
    }
}
