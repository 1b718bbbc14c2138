package vn.archive.test;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.core.KeywordTokenizer;
import org.apache.lucene.analysis.core.WhitespaceTokenizer;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.io.stream.NamedWriteableRegistry;
import org.elasticsearch.common.settings.ClusterSettings;
import org.elasticsearch.common.settings.IndexScopedSettings;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.settings.SettingsFilter;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.IndexVersion;
import org.elasticsearch.index.analysis.NormalizingTokenFilterFactory;
import org.elasticsearch.index.analysis.PreConfiguredTokenizer;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestController;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.XContentBuilder;

/** What the official distribution has, the one for integration tests has not, and the archive uses. Tests only. */
public final class Shim extends Plugin implements AnalysisPlugin, ActionPlugin {

    /** The filter "asciifolding", also for normalizers. */
    private record Folding(String name) implements NormalizingTokenFilterFactory {
        @Override
        public TokenStream create(TokenStream terms) {
            return new ASCIIFoldingFilter(terms);
        }
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        return Map.of("asciifolding", (index, environment, name, settings) -> new Folding(name));
    }

    @Override
    public List<PreConfiguredTokenizer> getPreConfiguredTokenizers() {
        return List.of(
            PreConfiguredTokenizer.singleton("keyword", KeywordTokenizer::new),
            PreConfiguredTokenizer.singleton("whitespace", WhitespaceTokenizer::new)
        );
    }

    /** GET / with what clients read from it: the version. */
    private static final class Greeting extends BaseRestHandler {
        @Override
        public String getName() {
            return "greeting";
        }

        @Override
        public List<Route> routes() {
            return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/"));
        }

        @Override
        protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
            return channel -> {
                XContentBuilder out = channel.newBuilder();
                write(out, client.getLocalNodeId());
                channel.sendResponse(new RestResponse(RestStatus.OK, out));
            };
        }

        private static void write(XContentBuilder out, String node) throws IOException {
            Build build = Build.current();
            out.startObject().field("name", node).field("cluster_name", "archive-test");
            out.startObject("version").field("number", build.qualifiedVersion());
            out.field("build_flavor", build.flavor()).field("build_type", build.type().displayName());
            out.field("build_hash", build.hash()).field("build_date", build.date());
            out.field("build_snapshot", build.isSnapshot());
            out.field("lucene_version", IndexVersion.current().luceneVersion().toString());
            out.field("minimum_wire_compatibility_version", build.minWireCompatVersion());
            out.field("minimum_index_compatibility_version", build.minIndexCompatVersion());
            out.endObject().field("tagline", "You Know, for Search").endObject();
        }
    }

    @Override
    public Collection<RestHandler> getRestHandlers(
        Settings settings, NamedWriteableRegistry writeables, RestController controller, ClusterSettings cluster,
        IndexScopedSettings index, SettingsFilter filter, IndexNameExpressionResolver resolver,
        Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> features
    ) {
        return List.of(new Greeting());
    }
}
