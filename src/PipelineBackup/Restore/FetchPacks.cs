using System.Security.Cryptography;
using PipelineBackup.Flow;
using PipelineBackup.Format;

namespace PipelineBackup.Restore;

/// <summary>A pack that is still to be read.</summary>
internal sealed class PackTicket(PackLine line) : IDisposable
{
    public PackLine Line => line;

    public void Dispose()
    {
        // Owns nothing yet.
    }
}

/// <summary>The room that reads packs out of the store and proves their SHA-256.</summary>
internal sealed class FetchPacks(IBackupArchive archive, BackupSet set, BackupId id, SlabPool slabs, CancellationToken stopping)
{
    private long _fetchedBytes;

    /// <summary>Bytes read from the store.</summary>
    public long FetchedBytes => Interlocked.Read(ref _fetchedBytes);

    /// <summary>Reads one pack.</summary>
    /// <returns>The pack, or what is wrong with it.</returns>
    public async ValueTask<(FetchedPack? Pack, string? Damage)> FetchAsync(PackLine line)
    {
        var taken = new List<Slab>();
        bool handedOn = false;
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            Stream stream;
            try
            {
                // With its length asked for, a stream that ends early is told from one that is whole, and can be continued.
                stream = await archive.OpenReadAsync(set.Data(id, line.Name), new(0, line.Length), stopping).ConfigureAwait(false);
            }
            catch (SinkException failure) when (failure.Failure == SinkFailure.NotFound)
            {
                return (null, $"it is missing, or shorter than its {line.Length} bytes");
            }

            await using (stream.ConfigureAwait(false))
            {
                long length = 0;
                while (length < line.Length)
                {
                    var slab = await RentAsync().ConfigureAwait(false);
                    var space = slab.Memory[..(int)Math.Min(Slab.Bytes, line.Length - length)];
                    int read = await stream.ReadAtLeastAsync(space, space.Length, throwOnEndOfStream: false, stopping).ConfigureAwait(false);
                    Interlocked.Add(ref _fetchedBytes, read);
                    length += read;
                    hash.AppendData(space.Span[..read]);
                    if (read < space.Length)
                        return (null, $"it ends after {length} of its {line.Length} bytes");
                }
            }

            if (Convert.ToHexStringLower(hash.GetHashAndReset()) != line.Sha256)
                return (null, "its SHA-256 is not the one in the index");
            handedOn = true;
            return (new FetchedPack(line, taken), null);
        }
        finally
        {
            if (!handedOn)
                taken.ForEach(slab => slab.Return());
        }

        async ValueTask<Slab> RentAsync()
        {
            var slab = await slabs.RentAsync(stopping).ConfigureAwait(false);
            taken.Add(slab);
            return slab;
        }
    }
}
