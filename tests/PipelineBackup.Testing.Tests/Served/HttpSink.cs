using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using PipelineBackup.Shared;
using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests.Served;

/// <summary>The sink of a <see cref="HttpStore"/>; what it does wrong can be switched on.</summary>
internal sealed class HttpSink(Uri store, string key, Misdeeds misdeeds) : IBackupSink, IResumableListings
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) })
    {
        BaseAddress = store,
        DefaultRequestHeaders = { { "x-key", key } },
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private bool _bearsGrudge;

    public SinkTraits Traits { get; } = new();

    public async ValueTask PutAsync(ObjectName name, ObjectBody body, CancellationToken cancellationToken)
    {
        for (int i = 0; i < (Does(Misdeeds.AsksBeforePuts) ? 3 : 0) + (Does(Misdeeds.AsksForEveryPart) ? body.Length >> 20 : 0); i++)
            (await SendAsync(name, HttpMethod.Head, name.ToString(), null, cancellationToken)).Dispose();
        using var content = new BodyContent(body);
        try
        {
            using var answer = await SendAsync(name, HttpMethod.Put, name.ToString(), content, cancellationToken);
            Judge(name, answer);
        }
        catch (SinkException failure) when (failure.Transient && Does(Misdeeds.TrustsInPuts))
        {
        }
    }

    public async ValueTask<Stream> OpenReadAsync(ObjectName name, ByteRange range, CancellationToken cancellationToken)
    {
        for (int i = 0; i < (Does(Misdeeds.AsksBeforeReads) ? 2 : 0); i++)
            (await SendAsync(name, HttpMethod.Head, name.ToString(), null, cancellationToken)).Dispose();
        string query = string.Create(CultureInfo.InvariantCulture, $"{name}?offset={range.Offset}&length={range.Length ?? -1}");
        var answer = await SendAsync(name, HttpMethod.Get, query, null, cancellationToken);
        try
        {
            Judge(name, answer);
            return new AnswerStream(this, name, answer, await answer.Content.ReadAsStreamAsync(CancellationToken.None));
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        PagesAsync(prefix, "", cancellationToken);

    public IAsyncEnumerable<StoredObject> ListAfterAsync(
        string prefix, ObjectName after, CancellationToken cancellationToken) => Does(Misdeeds.TurnsBack)
        ? ListAsync(prefix, cancellationToken).SkipWhile(item => item.Name.CompareTo(after) <= 0)
        : PagesAsync(prefix, after.ToString(), cancellationToken);

    private async IAsyncEnumerable<StoredObject> PagesAsync(
        string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (bool more = true; more;)
        {
            more = false;
            foreach (string line in await PageAsync(prefix, after, cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (line == "more")
                {
                    more = true;
                    continue;
                }

                int space = line.IndexOf(' ', StringComparison.Ordinal);
                if (space < 0 || !ObjectName.TryParse(line[(space + 1)..], out var name))
                    continue;
                after = name.ToString();
                yield return new(name, long.Parse(line[..space], CultureInfo.InvariantCulture));
            }
        }
    }

    public async ValueTask DeleteAsync(ObjectName name, CancellationToken cancellationToken)
    {
        for (int i = 0; i < (Does(Misdeeds.AsksAroundDeletes) ? 2 : 0); i++)
            (await SendAsync(name, HttpMethod.Head, name.ToString(), null, cancellationToken)).Dispose();
        try
        {
            using var answer = await SendAsync(name, HttpMethod.Delete, name.ToString(), null, cancellationToken);
            Judge(name, answer);
        }
        catch (SinkException failure) when (failure.Transient && Does(Misdeeds.TrustsInDeletes))
        {
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private bool Does(Misdeeds misdeed) => misdeeds.HasFlag(misdeed);

    private async Task<string[]> PageAsync(string prefix, string after, CancellationToken cancellationToken)
    {
        string query = $"?prefix={Uri.EscapeDataString(prefix)}&after={Uri.EscapeDataString(after)}";
        using var answer = await SendAsync("the store", HttpMethod.Get, query, null, cancellationToken);
        Judge("the store", answer);
        var text = new MemoryStream();
        try
        {
            await answer.Content.CopyToAsync(text, cancellationToken);
        }
        catch (Exception failure) when (IsOfTheLine(failure))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!Does(Misdeeds.EndsListsEarly))
                throw Lost("the store", failure);
        }

        return System.Text.Encoding.ASCII.GetString(text.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private async Task<HttpResponseMessage> SendAsync(
        object what, HttpMethod method, string target, HttpContent? content, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_bearsGrudge)
            throw new SinkException($"'{what}': never again") { Transient = true };
        using var request = new HttpRequestMessage(method, new Uri(store, target)) { Content = content };
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead,
                Does(Misdeeds.IsDeaf) ? CancellationToken.None : cancellationToken);
        }
        catch (Exception failure) when (IsOfTheLine(failure))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _bearsGrudge = Does(Misdeeds.BearsGrudges);
            if (Does(Misdeeds.ThrowsWhatItGot))
                throw;
            throw Lost(what, failure);
        }
    }

    // A reset in a bad moment comes out of the client as it is.
    private static bool IsOfTheLine(Exception failure) => failure is HttpRequestException or IOException or SocketException;

    private SinkException Lost(object what, Exception failure) => new($"'{what}': {failure.Message}", failure)
    {
        Transient = !Does(Misdeeds.GivesUpAtOnce),
        Failure = Does(Misdeeds.TakesSilenceForRefusal) && failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
            ? SinkFailure.AccessDenied : SinkFailure.Other,
    };

    private void Judge(object what, HttpResponseMessage answer)
    {
        if (answer.IsSuccessStatusCode)
            return;
        string told = Does(Misdeeds.TellsItsKey) ? $" with the key {key}" : "";
        throw new SinkException($"'{what}': {(int)answer.StatusCode}{told}")
        {
            Failure = answer.StatusCode switch
            {
                HttpStatusCode.Conflict => SinkFailure.AlreadyExists,
                HttpStatusCode.NotFound or HttpStatusCode.RequestedRangeNotSatisfiable => SinkFailure.NotFound,
                HttpStatusCode.Forbidden => Does(Misdeeds.TakesRefusalForNothing) ? SinkFailure.NotFound : SinkFailure.AccessDenied,
                _ => SinkFailure.Other,
            },
            Transient = (int)answer.StatusCode >= 500 || (answer.StatusCode == HttpStatusCode.Forbidden && Does(Misdeeds.HopesAfterRefusal)),
        };
    }

    private sealed class BodyContent(ObjectBody body) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            foreach (var memory in body.Content)
                await stream.WriteAsync(memory, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }

    private sealed class AnswerStream(HttpSink sink, ObjectName name, HttpResponseMessage answer, Stream content) : SequentialStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await content.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception failure) when (IsOfTheLine(failure))
            {
                cancellationToken.ThrowIfCancellationRequested();
                return sink.Does(Misdeeds.EndsStreamsEarly) ? 0 : throw sink.Lost(name, failure);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                answer.Dispose();
            base.Dispose(disposing);
        }
    }
}
