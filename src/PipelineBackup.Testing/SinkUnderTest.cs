using System.Globalization;

namespace PipelineBackup.Testing;

/// <summary>Ways to give the laws a store.</summary>
public static class SinkUnderTest
{
    private static int s_count;

    /// <summary>A store that a delegate opens.</summary>
    /// <param name="open">Opens a sink on the store, every time on the same one.</param>
    /// <param name="discard">Throws the store away; null where there is nothing to do.</param>
    public static ISinkUnderTest Of(Func<IBackupSink> open, Func<ValueTask>? discard = null)
    {
        ArgumentNullException.ThrowIfNull(open);
        return new Delegated(_ => new(open()), discard);
    }

    /// <summary>A store on a server, which the laws may reach over lines of their own.</summary>
    /// <param name="server">Address of the server.</param>
    /// <param name="open">Opens a sink on the store, every time on the same one, its server at the address given.</param>
    /// <param name="discard">Throws the store away; null where there is nothing to do.</param>
    public static IServerUnderTest OfServer(
        Uri server, Func<Uri, CancellationToken, ValueTask<IBackupSink>> open, Func<ValueTask>? discard = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(open);
        return new OnServer(server, open, discard);
    }

    /// <summary>The same, with credentials that the server refuses.</summary>
    /// <param name="server">Address of the server.</param>
    /// <param name="open">Opens a sink on the store, every time on the same one, its server at the address given.</param>
    /// <param name="wrongSecret">The secret of the wrong credentials.</param>
    /// <param name="openWrongly">Opens a sink on the store with them.</param>
    /// <param name="discard">Throws the store away; null where there is nothing to do.</param>
    public static IServerUnderTest OfServer(
        Uri server, Func<Uri, CancellationToken, ValueTask<IBackupSink>> open, string wrongSecret,
        Func<CancellationToken, ValueTask<IBackupSink>> openWrongly, Func<ValueTask>? discard = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(open);
        ArgumentException.ThrowIfNullOrEmpty(wrongSecret);
        ArgumentNullException.ThrowIfNull(openWrongly);
        return new OnGuardedServer(server, open, wrongSecret, openWrongly, discard);
    }

    /// <summary>
    /// A part of a store in use: everything a law does lies below a prefix of its own, and is deleted afterwards. For a
    /// look at a user's own store.
    /// </summary>
    /// <param name="sink">The sink; it stays open.</param>
    /// <param name="prefix">
    /// Where in the store to work, an object name of at most 100 characters without a slash at its end.
    /// </param>
    public static ISinkUnderTest Within(IBackupSink sink, string prefix)
    {
        ArgumentNullException.ThrowIfNull(sink);
        return Within(() => sink, prefix, owns: false);
    }

    /// <summary>The same, where the laws open sinks of their own, as other processes would.</summary>
    /// <param name="open">Opens a sink on the store, every time on the same one.</param>
    /// <param name="prefix">
    /// Where in the store to work, an object name of at most 100 characters without a slash at its end.
    /// </param>
    public static ISinkUnderTest Within(Func<IBackupSink> open, string prefix)
    {
        ArgumentNullException.ThrowIfNull(open);
        return Within(open, prefix, owns: true);
    }

    private static Part Within(Func<IBackupSink> open, string prefix, bool owns)
    {
        var part = ObjectName.Of(prefix);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefix.Length, 100, nameof(prefix));
        string number = Interlocked.Increment(ref s_count).ToString(CultureInfo.InvariantCulture);
        return new(open, $"{part}/{number}/", owns);
    }

    private class Delegated(Func<CancellationToken, ValueTask<IBackupSink>> open, Func<ValueTask>? discard) : ISinkUnderTest
    {
        public ValueTask<IBackupSink> OpenAsync(CancellationToken cancellationToken) => open(cancellationToken);

        public ValueTask DisposeAsync() => discard?.Invoke() ?? ValueTask.CompletedTask;
    }

    private class OnServer(
        Uri server, Func<Uri, CancellationToken, ValueTask<IBackupSink>> open, Func<ValueTask>? discard)
        : Delegated(token => open(server, token), discard), IServerUnderTest
    {
        public Uri Server => server;

        public ValueTask<IBackupSink> OpenAtAsync(Uri server, CancellationToken cancellationToken) =>
            open(server, cancellationToken);
    }

    private sealed class OnGuardedServer(
        Uri server, Func<Uri, CancellationToken, ValueTask<IBackupSink>> open, string wrongSecret,
        Func<CancellationToken, ValueTask<IBackupSink>> openWrongly, Func<ValueTask>? discard)
        : OnServer(server, open, discard), ICredentialsUnderTest
    {
        public string WrongSecret => wrongSecret;

        public ValueTask<IBackupSink> OpenWithWrongCredentialsAsync(CancellationToken cancellationToken) =>
            openWrongly(cancellationToken);
    }

    private sealed class Part(Func<IBackupSink> open, string prefix, bool owns) : IPartUnderTest
    {
        public int LongestName => ObjectName.MaxLength - prefix.Length;

        public ValueTask<IBackupSink> OpenAsync(CancellationToken cancellationToken) =>
            new(PrefixedSink.Of(open(), prefix, owns));

        public async ValueTask DisposeAsync()
        {
            await using var sink = PrefixedSink.Of(open(), prefix, owns);
            var left = new List<ObjectName>();
            await foreach (var item in sink.ListAsync("", CancellationToken.None))
                left.Add(item.Name);
            // A store far away takes its time for each, and there may be thousands.
            await Parallel.ForEachAsync(left, new ParallelOptions { MaxDegreeOfParallelism = 8 },
                async (name, _) => await sink.DeleteAsync(name, CancellationToken.None));
        }
    }
}
