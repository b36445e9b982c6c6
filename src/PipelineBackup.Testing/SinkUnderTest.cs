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
        return new Delegated(open, discard);
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
        var part = ObjectName.Of(prefix);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefix.Length, 100, nameof(prefix));
        string number = Interlocked.Increment(ref s_count).ToString(CultureInfo.InvariantCulture);
        return new Part(sink, $"{part}/{number}/");
    }

    private sealed class Delegated(Func<IBackupSink> open, Func<ValueTask>? discard) : ISinkUnderTest
    {
        public ValueTask<IBackupSink> OpenAsync(CancellationToken cancellationToken) => new(open());

        public ValueTask DisposeAsync() => discard?.Invoke() ?? ValueTask.CompletedTask;
    }

    private sealed class Part(IBackupSink sink, string prefix) : ISinkUnderTest
    {
        public ValueTask<IBackupSink> OpenAsync(CancellationToken cancellationToken) =>
            new(new PrefixedSink(sink, prefix));

        public async ValueTask DisposeAsync()
        {
            var left = new List<ObjectName>();
            await foreach (var item in sink.ListAsync(prefix, CancellationToken.None))
                left.Add(item.Name);
            foreach (var name in left)
                await sink.DeleteAsync(name, CancellationToken.None);
        }
    }
}
